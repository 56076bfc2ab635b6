OCREATE TABLE t (m TEXT);
INSERT INTO t (m, ms) VALUES ('it''s', 2), ('B', NULL);
