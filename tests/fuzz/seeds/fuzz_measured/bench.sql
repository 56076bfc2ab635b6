CREATE TABLE IF NOT EXISTS llama_bench (
  build_commit TEXT,
  model_filename TEXT
);

INSERT INTO llama_bench (build_commit, model_filename, model_type, model_n_params, n_threads, n_prompt, n_gen, n_depth, avg_ts) VALUES ('it''s', '/models/Tiny-1B-Instruct-Q8_0.gguf', 'llama 1B Q8_0', '1235814400', '4', '512', '0', '0', '66.5');
INSERT INTO llama_bench (build_commit, model_filename, model_type, model_n_params, n_threads, n_prompt, n_gen, n_depth, avg_ts) VALUES ('it''s', '/models/Tiny-1B-Instruct-Q8_0.gguf', 'llama 1B Q8_0', '1235814400', '4', '0', '128', '0', '6.2');
