/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * docs/calls.md lists what the dispatch table lists. CALLS_REGENERATE=1 writes its table anew and
 * keeps what is written by hand: the last column, which names the test of a call that works, or
 * says why a call does not.
 */
#include <glib.h>
#include <string.h>

#include "procedures.h"

#define MARK "<!-- table -->\n"

static char *read_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static char *page_path(void)
{
    return g_build_filename(TEST_ROOT, "docs", "calls.md", NULL);
}

static const char *program_name(guint32 program)
{
    return program == RPC_PROGRAM_QEMU ? "qemu:" : program == RPC_PROGRAM_LXC ? "lxc:" : "";
}

/* ---- what is written by hand ---- */

/* By "qemu:1" or "251": the last column. */
static GHashTable *load_notes(const char *page)
{
    GHashTable *notes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_auto(GStrv) lines = g_strsplit(page, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) cells = g_strsplit(lines[i], "|", -1);

        if (g_strv_length(cells) == 6) /* empty, number, name, state, note, empty */
            g_hash_table_insert(notes, g_strdup(g_strstrip(cells[1])),
                                g_strdup(g_strstrip(cells[4])));
    }
    return notes;
}

/* The method of python3-libvirt: virDomainGetXMLDesc is XMLDesc, virDomainSnapshotNum
 * snapshotNum. */
static char *python_method(const char *api)
{
    static const char *const prefixes[] = { "virDomain",      "virConnect",    "virNode",
                                            "virStoragePool", "virStorageVol", "virNetwork",
                                            "virSecret" };
    const char *rest = api;
    char *name;

    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (g_str_has_prefix(api, prefixes[i]))
            rest = api + strlen(prefixes[i]);
    }
    if (g_str_has_prefix(rest, "Get"))
        rest += strlen("Get");
    name = g_strdup(rest);
    *name = g_ascii_tolower(*name);
    return name;
}

/* The first test that calls it by that name, as "file::test"; NULL: none is found. */
static char *find_test(const char *api)
{
    static const char *const dirs[] = { "integration", "rpc" };
    g_autofree char *method = python_method(api);
    g_autofree char *needle = g_strdup_printf(".%s(", method);

    for (guint i = 0; i < G_N_ELEMENTS(dirs); i++) {
        g_autofree char *path = g_build_filename(TEST_ROOT, "tests", dirs[i], NULL);
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        const char *entry;

        while ((entry = g_dir_read_name(dir)) != NULL) {
            g_autofree char *file = g_build_filename(path, entry, NULL);
            g_autofree char *text = NULL;
            char *at, *test = NULL;

            if (!g_str_has_prefix(entry, "test_") || !g_str_has_suffix(entry, ".py"))
                continue;
            text = read_file(file);
            at = strstr(text, needle);
            if (at == NULL)
                continue;
            *at = '\0';
            test = g_strrstr(text, "def test_");
            if (test == NULL)
                continue;
            test += strlen("def ");
            test[strcspn(test, "(")] = '\0';
            return g_strdup_printf("%s/%s::%s", dirs[i], entry, test);
        }
    }
    return NULL;
}

static char *note_of(GHashTable *notes, const char *key, const RpcProc *proc)
{
    const char *old = g_hash_table_lookup(notes, key);
    gboolean names_test = old != NULL && strstr(old, ".py::") != NULL;
    char *found;

    /* A note belongs to its state: a reason becomes void when the call works. */
    if (old != NULL && *old != '\0' && names_test == (proc->handler != NULL))
        return g_strdup(old);
    found = proc->handler != NULL ? find_test(proc->api) : NULL;
    return found != NULL ? found : g_strdup("");
}

static void append_program(GString *out, const RpcProgram *program, GHashTable *notes)
{
    for (guint i = 0; i < program->n_procs; i++) {
        const RpcProc *proc = &program->procs[i];
        g_autofree char *key = g_strdup_printf("%s%u", program_name(program->program), i);
        g_autofree char *note = NULL;

        if (proc->name == NULL)
            continue;
        note = note_of(notes, key, proc);
        g_string_append_printf(out, "| %s | %s | %s | %s |\n", key, proc->name,
                               proc->handler != NULL ? "works" : "not supported", note);
    }
}

static void test_page(void)
{
    g_autofree char *path = page_path();
    g_autofree char *page = read_file(path);
    g_autoptr(GHashTable) notes = load_notes(page);
    const char *mark = strstr(page, MARK);
    g_autoptr(GString) expected = NULL;

    g_assert_nonnull(mark);
    expected = g_string_new_len(page, mark - page + (gssize)strlen(MARK));
    g_string_append(expected,
                    "| number | procedure | state | test, or why not |\n|---|---|---|---|\n");
    for (guint i = 0; i < kanzend_n_programs; i++)
        append_program(expected, &kanzend_programs[i], notes);

    if (g_getenv("CALLS_REGENERATE") != NULL)
        g_assert_true(g_file_set_contents(path, expected->str, -1, NULL));
    else
        g_assert_cmpstr(page, ==, expected->str);
}

/* ---- the tests it names are there ---- */

static void check_named_test(gpointer key, gpointer value, gpointer user_data)
{
    g_auto(GStrv) parts = g_strsplit(value, "::", 2);
    g_autofree char *path = NULL, *text = NULL, *definition = NULL;

    if (g_strv_length(parts) != 2)
        return;
    path = g_build_filename(TEST_ROOT, "tests", parts[0], NULL);
    text = read_file(path);
    definition = g_strdup_printf("def %s(", parts[1]);
    if (strstr(text, definition) == NULL) {
        g_test_message("docs/calls.md, %s: there is no %s", (const char *)key, (const char *)value);
        g_test_fail();
    }
}

static void test_named_tests(void)
{
    g_autofree char *path = page_path();
    g_autofree char *page = read_file(path);
    g_autoptr(GHashTable) notes = load_notes(page);

    g_assert_cmpuint(g_hash_table_size(notes), >, 300);
    g_hash_table_foreach(notes, check_named_test, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/calls/page", test_page);
    g_test_add_func("/calls/named-tests", test_named_tests);
    return g_test_run();
}
