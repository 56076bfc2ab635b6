/* Sweep files as text: sections, places, comments, quotes, --set, and every fault with its exact message. */
#include "sweep_help.h"

#include "grid/spec.h"

static es_status parse_bytes(es_spec *spec, const char *bytes, size_t n, es_errors *errors) {
    *errors = (es_errors){0};
    *spec = (es_spec){0};
    return es_spec_parse(spec, "f", (es_slice){bytes, n}, errors);
}

static es_status parse(es_spec *spec, const char *written, es_errors *errors) {
    return parse_bytes(spec, written, strlen(written), errors);
}

/* section|key@line:column|value@line:column, one a line */
static char *describe(const es_spec *spec) {
    text t = {0};
    text_add(&t, "", 0);
    for (int s = 0; s < ES_SECTIONS; s++)
        for (size_t i = 0; i < spec->section[s].count; i++) {
            const es_entry *e = &spec->section[s].entry[i];
            text_printf(&t, "%s|%.*s@%llu:%llu|%.*s@%llu:%llu\n", es_section_names[s], (int)e->key.length,
                        e->key.length ? e->key.text : "", (unsigned long long)e->key_at.line,
                        (unsigned long long)e->key_at.column, (int)e->value.length, e->value.text,
                        (unsigned long long)e->value_at.line, (unsigned long long)e->value_at.column);
        }
    return t.data;
}

Test(spec, files_that_are_fine) {
    static const struct {
        const char *written, *parsed;
    } cases[] = {
        {"[sweep]\nmodel=a", "sweep|model@2:1|a@2:7\n"},
        {"[sweep]\r\n  model =\ta , b  \r\n", "sweep|model@2:3|a , b@2:11\n"},
        {"\xef\xbb\xbf[sweep]\nmodel = *\n", "sweep|model@2:1|*@2:9\n"},
        {"# what\n\n [ sweep ] # why\nmodel = a # b\n", "sweep|model@4:1|a@4:9\n"},
        {"[sweep]\nmodel = a#1, 'b # c' # d\n", "sweep|model@2:1|a#1, 'b # c'@2:9\n"},
        {"[where]\nfits = 1\n\n a >= 5 # slow\n", "where|@2:1|fits = 1@2:1\nwhere|@4:2|a >= 5@4:2\n"},
        {"[best]\npick=x\n[sweep]\nmodel=a\n[best]\nby=y\n",
         "sweep|model@4:1|a@4:7\nbest|pick@2:1|x@2:6\nbest|by@6:1|y@6:4\n"},
        {"[pareto]\nminimize = a\nmaximize = b=c\n", "pareto|minimize@2:1|a@2:12\npareto|maximize@3:1|b=c@3:12\n"},
        {"[sweep]\n[where]\n", ""},
        {"[sweep]\nmodel = \xc3\xa9\xe4\xb8\xad\n", "sweep|model@2:1|\xc3\xa9\xe4\xb8\xad@2:9\n"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_spec spec;
        static es_errors errors;
        cr_assert_eq(parse(&spec, cases[i].written, &errors), ES_OK, "%s: %s", cases[i].written, errors.error[0].text);
        char *got = describe(&spec);
        cr_expect_str_eq(got, cases[i].parsed);
        free(got);
        es_spec_free(&spec);
    }
}

Test(spec, faults) {
    static const struct {
        const char *written, *message;
    } cases[] = {
        {"", "f:1: empty sweep file; expected [sweep]"},
        {"\n  \n# only this\n", "f:1: empty sweep file; expected [sweep]"},
        {"model = a\n", "f:1:1: key before a section: 'model = a'; expected [sweep] first"},
        {"[sweep\n", "f:1:1: section without ']': '[sweep'; expected [sweep]"},
        {"[swep]\n",
         "f:1:2: unknown section: 'swep'; expected [sweep], [where], [pareto], [best], [metrics] or [output]; did you "
         "mean 'sweep'?"},
        {"[Sweep]\n",
         "f:1:2: unknown section: 'Sweep'; expected [sweep], [where], [pareto], [best], [metrics] or [output]; did "
         "you mean 'sweep'?"},
        {"[]\n", "f:1:2: unknown section: ''; expected [sweep], [where], [pareto], [best], [metrics] or [output]"},
        {"[sweep]\nmodel\n", "f:2:1: not a key: 'model'; expected key = value"},
        {"[sweep]\n = 5\n", "f:2:2: empty key; expected key = value"},
        {"[sweep]\nmodel =  # none\n", "f:2:8: empty value of key: 'model'"},
        {"[sweep]\nmodel = a\n\n  model = b\n", "f:4:3: repeated key: 'model'; first on line 2"},
        {"[sweep]\nmodel = \xff\n", "f:2:9: invalid UTF-8: '\\xff'"},
        {"[sweep]\nmodel = \xc3", "f:2:9: invalid UTF-8: '\\xc3'"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_spec spec;
        static es_errors errors;
        cr_assert_eq(parse(&spec, cases[i].written, &errors), ES_EUSAGE, "%s", cases[i].written);
        cr_assert_geq(errors.n_errors, 1);
        cr_expect_str_eq(errors.error[0].text, cases[i].message);
        es_spec_free(&spec);
    }
    es_spec spec;
    static es_errors errors;
    cr_assert_eq(parse_bytes(&spec, "[sweep]\nmodel = a\0b\n", 20, &errors), ES_EUSAGE);
    cr_expect_str_eq(errors.error[0].text, "f:2:10: NUL byte: not a sweep file; expected text");
    es_spec_free(&spec);
}

Test(spec, every_fault_of_a_file_is_told) {
    es_spec spec;
    static es_errors errors;
    cr_assert_eq(parse(&spec, "a = 1\n[swep]\n[sweep]\nb\n= 2\nc =\nd = 1\nd = 2\n", &errors), ES_EUSAGE);
    cr_assert_eq(errors.n_errors, 6);
    es_spec_free(&spec);
}

Test(spec, a_line_of_a_megabyte) {
    text t = {0};
    text_printf(&t, "[sweep]\nseq_len = 1");
    for (int i = 0; i < 200000; i++)
        text_add(&t, ",    1", 6);
    es_spec spec;
    static es_errors errors;
    cr_assert_eq(parse(&spec, t.data, &errors), ES_OK);
    cr_assert_eq(spec.section[ES_SEC_SWEEP].entry[0].value.length, 1200001);
    es_spec_free(&spec);
    free(t.data);
}

/* ---- --set ---- */

static es_status read_sets(es_spec *spec, const char *path, const char *const *sets, size_t n, es_arena *arena,
                           es_errors *errors) {
    *errors = (es_errors){0};
    return es_spec_read(spec, path, NULL, sets, n, arena, errors);
}

Test(spec, sets_win_over_the_file_and_the_last_one_wins) {
    folder f = folder_new();
    put(&f, "a.sweep", "[sweep]\nmodel = a\ndevice = b\n[best]\npick = c\n");
    char path[400];
    path_in(&f, "a.sweep", path, sizeof path);
    static const char *const sets[] = {"device=x", " precision = y ",   "best.pick=z",     "device.mem_util=x1",
                                       "device=w", "pareto.minimize=e", "output.columns=*"};
    es_spec spec;
    es_arena arena = {0};
    static es_errors errors;
    cr_assert_eq(read_sets(&spec, path, sets, LENGTH(sets), &arena, &errors), ES_OK, "%s", errors.error[0].text);
    char *got = describe(&spec);
    cr_assert_str_eq(got, "sweep|model@2:1|a@2:9\nsweep|device@5:1|w@5:8\nsweep|precision@2:2|y@2:14\n"
                          "sweep|device.mem_util@4:1|x1@4:17\npareto|minimize@6:8|e@6:17\nbest|pick@3:6|z@3:11\n"
                          "output|columns@7:8|*@7:16\n");
    free(got);
    es_spec_free(&spec);
    es_arena_free(&arena);
    folder_free(&f);
}

Test(spec, sets_that_are_wrong) {
    static const struct {
        const char *set, *message;
    } cases[] = {
        {"", "--set:1:1: empty set; expected key=value"},
        {"  ", "--set:1:3: empty set; expected key=value"},
        {"model", "--set:1:1: not a key: 'model'; expected key = value"},
        {"model=", "--set:1:7: empty value of key: 'model'"},
        {"=5", "--set:1:1: empty key; expected key = value"},
        {"model=\xff", "--set:1:7: invalid UTF-8: '\\xff'"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_spec spec;
        es_arena arena = {0};
        static es_errors errors;
        cr_expect_eq(read_sets(&spec, NULL, &cases[i].set, 1, &arena, &errors), ES_EUSAGE, "%s", cases[i].set);
        cr_expect_str_eq(errors.error[0].text, cases[i].message);
        es_spec_free(&spec);
        es_arena_free(&arena);
    }
}

Test(spec, files_that_cannot_be_read) {
    static const struct {
        const char *path, *message;
    } cases[] = {{"/nonexistent/a.sweep", "/nonexistent/a.sweep: cannot open: No such file or directory"},
                 {"/tmp", "/tmp: is a directory; expected a sweep file"},
                 {"/dev/null", "/dev/null:1: empty sweep file; expected [sweep]"},
                 {"/dev/zero", "/dev/zero: larger than 16 MiB: not a sweep file"}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_spec spec;
        es_arena arena = {0};
        static es_errors errors;
        cr_expect_eq(read_sets(&spec, cases[i].path, NULL, 0, &arena, &errors), ES_EUSAGE);
        cr_expect_str_eq(errors.error[0].text, cases[i].message);
        es_spec_free(&spec);
        es_arena_free(&arena);
    }
}

/* ---- comma lists ---- */

Test(spec, lists) {
    static const struct {
        const char *written, *parsed;
    } cases[] = {
        {"a", "a@5|"},
        {"a,b , c", "a@5|b@7|c@11|"},
        {"\"a, b\",c", "\"a, b\"@5|c@12|"},
        {"'a, b',c", "'a, b'@5|c@12|"},
        {"lin(1,2,3), 4", "lin(1,2,3)@5|4@17|"},
        {"a,,b,", "a@5|@7|b@8|@10|"},
        {"", "@5|"},
        {",", "@5|@6|"},
        {"a'b,c'd", "a'b,c'd@5|"},
        {"(a,b", "(a,b@5|"},
        {"a),b", "a)@5|b@8|"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_slice rest = es_slice_of(cases[i].written);
        es_origin at = {"f", 1, 5};
        es_list_item item;
        text t = {0};
        while (es_list_next(&rest, &at, &item))
            text_printf(&t, "%.*s@%llu|", (int)item.text.length, item.text.text, (unsigned long long)item.at.column);
        cr_expect_str_eq(t.data, cases[i].parsed);
        free(t.data);
    }
}

Test(spec, quotes_around_a_name) {
    static const struct {
        const char *written, *inside;
    } cases[] = {{"a", "a"},   {"\"a b\"", "a b"}, {"'a'", "a"},   {"''", ""},      {"", ""},
                 {"'a", NULL}, {"'", NULL},        {"'a\"", NULL}, {"'a'b'", NULL}, {"a'", "a'"}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_slice s = es_slice_of(cases[i].written);
        bool good = es_unquote(&s);
        cr_expect_eq(good, cases[i].inside != NULL, "%s", cases[i].written);
        cr_expect(!good || es_slice_equal(s, cases[i].inside), "%s", cases[i].written);
    }
}

Test(spec, doubled_quotes_in_a_name) {
    static const struct {
        const char *written, *inside;
    } cases[] = {{"a", "a"},
                 {"'a'", "a"},
                 {"''", ""},
                 {"'it''s'", "it's"},
                 {"'it''s \"x\"'", "it's \"x\""},
                 {"\"a\"\"b\"", "a\"b"},
                 {"''''", "'"},
                 {"'a'b'", NULL},
                 {"'a", NULL},
                 {"'''", NULL},
                 {"'a'''b'", NULL},
                 {"'a''", NULL}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char room[32];
        es_slice s = es_slice_of(cases[i].written);
        const bool good = es_unquote_name(&s, room);
        cr_expect_eq(good, cases[i].inside != NULL, "%s", cases[i].written);
        cr_expect(!good || es_slice_equal(s, cases[i].inside), "%s", cases[i].written);
    }
}
