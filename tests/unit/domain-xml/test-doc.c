/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* docs/domain-xml.md lists what the tables list. DOMXML_REGENERATE=1 writes its table anew. */
#include "fixture.h"

#include <string.h>

#include "def-classes.h"

#define MARK "<!-- table -->\n"

static const char *fate(const XmlRow *row, guint inherited)
{
    if (row->kind == XML_REFUSED)
        return "refused";
    if (row->flags & XML_LIVE)
        return "live";
    if ((row->flags | inherited) & XML_KEPT)
        return "kept";
    if ((row->flags | inherited) & XML_HVM)
        return "HVM";
    return row->flags & XML_SECRET ? "secret" : "honoured";
}

static void append_words(GString *out, const char *const *words)
{
    for (guint i = 0; words[i] != NULL; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", words[i]);
}

static void append_values(GString *out, const XmlRow *row)
{
    switch (row->kind) {
    case XML_FLAG:
        g_string_append(out, "(empty)");
        break;
    case XML_UINT:
    case XML_ULONG:
    case XML_INT:
        g_string_append(out, "number");
        break;
    case XML_HEX:
        g_string_append(out, "number, shown in hexadecimal");
        break;
    case XML_KIB:
        g_string_append(out, "size with unit");
        break;
    case XML_NODE:
    case XML_NODES:
        g_string_append(out, "anything");
        break;
    case XML_STRING:
    case XML_WORD:
        if (row->words == NULL)
            g_string_append(out, row->flags & XML_DECIMAL ? "number" : "…");
        else
            append_words(out, row->words + 1);
        break;
    default:
        break;
    }
    if (row->shown != NULL)
        g_string_append_printf(out, "; %s is shown as %s", row->stored, row->shown);
    if (row->refused != NULL) {
        g_string_append(out, "; not ");
        append_words(out, row->refused);
    }
}

/* inherited: the flags of the row that the class hangs on. */
static void append_class(GString *out, const XmlClass *class, const char *prefix, guint inherited)
{
    for (guint i = 0; i < class->n_rows; i++) {
        const XmlRow *row = &class->rows[i];
        g_autofree char *path = g_strdup_printf("%s/%s", prefix, row->path);

        if (row->item != NULL) {
            if (strcmp(row->path, "address") != 0 || strcmp(prefix, "/devices/disk") == 0)
                append_class(out, row->item, path, inherited | (row->flags & (XML_KEPT | XML_HVM)));
            else
                g_string_append_printf(out, "| `%s` | as of a disk | %s |\n", path,
                                       row->flags & XML_KEPT ? "kept" : "honoured");
            continue;
        }
        g_string_append_printf(out, "| `%s` | ", path);
        append_values(out, row);
        g_string_append_printf(out, " | %s |\n", fate(row, inherited));
    }
}

static void test_doc(void)
{
    g_autofree char *path = g_build_filename(TEST_ROOT, "docs", "domain-xml.md", NULL);
    g_autofree char *page = test_read(path);
    const char *mark = strstr(page, MARK);

    g_assert_nonnull(mark);
    g_autoptr(GString) expected = g_string_new_len(page, mark - page + (gssize)strlen(MARK));
    g_string_append(expected, "| below `/domain` | values | |\n|---|---|---|\n");
    g_autoptr(GString) rows = g_string_new(NULL);
    append_class(rows, &domain_def_class, "", 0);
    g_auto(GStrv) lines = g_strsplit(rows->str, "`/", -1);
    g_autofree char *relative = g_strjoinv("`", lines); /* without the leading slash */
    g_string_append(expected, relative);

    if (g_getenv("DOMXML_REGENERATE") != NULL)
        g_assert_true(g_file_set_contents(path, expected->str, -1, NULL));
    else
        g_assert_cmpstr(page, ==, expected->str);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/domain-xml/doc", test_doc);
    return g_test_run();
}
