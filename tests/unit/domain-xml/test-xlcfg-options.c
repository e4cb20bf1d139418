/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of xl.cfg's options: Xen's whole list is in it, xl.cfg(5) and docs/xl.cfg.md say of
 * each what becomes of it. With XLCFG_REGENERATE=1 in the environment the table of docs/xl.cfg.md
 * is written anew.
 */
#include <string.h>

#include "xlcfg-fixture.h"
#include "xlcfg-options.h"

#define PAGE XLCFG_ROOT "/docs/xl.cfg.md"
#define MARK "<!-- table -->\n"
#define XEN  "xen-4.17-options"

static char *read_file(const char *path)
{
    char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        g_error("cannot read '%s'", path);
    return text;
}

/* Each option stands in the manual page; those without effect come from the table itself. */
static void test_manual(void)
{
    g_autofree char *page = read_file(XLCFG_ROOT "/docs/man/xl.cfg.5.rst");

    for (guint i = 0; i < xlcfg_n_options; i++) {
        const XlOption *option = &xlcfg_options[i];
        g_autofree char *word = g_strdup_printf("\\b%s\\b", option->key);

        if (option->fate == XL_DONE && !g_regex_match_simple(word, page, 0, 0))
            g_error("option '%s' is not in xl.cfg(5)", option->key);
        if (option->fate != XL_DONE)
            g_assert_nonnull(option->why);
        g_assert_true(xlcfg_option_find(option->key) == option); /* one row each */
    }
}

/* One name a line: all of xl.cfg(5) of Xen 4.17. */
static GHashTable *read_xen_options(void)
{
    g_autofree char *text = read_file(XLCFG_DATA "/" XEN);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; lines[i]; i++)
        if (*lines[i] && *lines[i] != '#')
            g_hash_table_add(names, g_strdup(lines[i]));
    return names;
}

static void test_xen_options(void)
{
    g_autoptr(GHashTable) names = read_xen_options();
    GHashTableIter iter;
    gpointer name;

    g_assert_cmpuint(g_hash_table_size(names), ==, 148);
    g_hash_table_iter_init(&iter, names);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        if (!xlcfg_option_find(name))
            g_error("option '%s' has no row", (const char *)name);
}

static int compare_options(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const XlOption *const *)a)->key, (*(const XlOption *const *)b)->key);
}

static char *make_table(void)
{
    static const char *const fates[] = {
        [XL_DONE] = "honoured",
        [XL_INERT] = "no effect",
        [XL_KEPT] = "no effect",
        [XL_REFUSED] = "refused",
    };
    g_autoptr(GHashTable) xen = read_xen_options();
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    GString *out =
        g_string_new("| option | of | fate | why, or what to know |\n|---|---|---|---|\n");

    for (guint i = 0; i < xlcfg_n_options; i++)
        g_ptr_array_add(sorted, (gpointer)&xlcfg_options[i]);
    g_ptr_array_sort(sorted, compare_options);
    for (guint i = 0; i < sorted->len; i++) {
        const XlOption *option = sorted->pdata[i];

        g_string_append_printf(out, "| `%s` | %s | %s | %s |\n", option->key,
                               g_hash_table_contains(xen, option->key) ? "xl" : "xm and others",
                               fates[option->fate], option->why ? option->why : "");
    }
    return g_string_free(out, FALSE);
}

static void test_page(void)
{
    g_autofree char *page = read_file(PAGE);
    g_autofree char *table = make_table();
    g_auto(GStrv) halves = g_strsplit(page, MARK, 2);

    g_assert_nonnull(halves[1]);
    if (g_getenv("XLCFG_REGENERATE")) {
        g_autofree char *whole = g_strconcat(halves[0], MARK, table, NULL);

        g_assert_true(g_file_set_contents(PAGE, whole, -1, NULL));
        return;
    }
    g_assert_cmpstr(halves[1], ==, table);
}

/* A value of each kind for every option: none is passed over without a word. */
static void test_none_is_silent(void)
{
    static const char *const values[] = { "1", "'x'", "[ 'x' ]", "[ [ 'x' ] ]" };

    for (guint i = 0; i < xlcfg_n_options; i++) {
        const XlOption *option = &xlcfg_options[i];
        gboolean said = FALSE;

        for (guint v = 0; v < G_N_ELEMENTS(values) && option->fate != XL_DONE; v++) {
            g_autofree char *text =
                g_strdup_printf(XLCFG_MINIMAL "%s = %s\n", option->key, values[v]);
            g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
            g_autoptr(GError) error = NULL;
            g_autoptr(KxlDomainConfig) config = xl_cfg_parse(text, "t", warnings, &error);

            said = said || error || warnings->len;
            if (config && option->fate == XL_REFUSED)
                g_assert_cmpstr(option->harmless, ==, "1");
        }
        if (option->fate != XL_DONE && !said)
            g_error("option '%s' is passed over in silence", option->key);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xlcfg/options/manual", test_manual);
    g_test_add_func("/xlcfg/options/xen", test_xen_options);
    g_test_add_func("/xlcfg/options/page", test_page);
    g_test_add_func("/xlcfg/options/none-is-silent", test_none_is_silent);
    return g_test_run();
}
