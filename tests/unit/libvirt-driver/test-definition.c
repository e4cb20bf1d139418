/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definitions that give up their parsed form and get it back, and the sum that guards their texts. */
#include <glib/gstdio.h>
#include <string.h>

#include "domain/definition.h"
#include "store.h"

#define UUID "70a7eb15-6c34-ee9c-bf57-69e8e5ff3f%02x"

static char *make_xml(guint i, const char *graphics)
{
    return g_strdup_printf("<domain type='xen'>\n  <name>a&amp;b%u</name>\n  <uuid>" UUID "</uuid>\n"
                           "  <memory unit='KiB'>%u</memory>\n  <vcpu>4</vcpu>\n  <os>\n"
                           "    <type>xen</type>\n  </os>\n  <devices>\n"
                           "    <disk type='file' device='disk'>\n      <source file='/d'/>\n"
                           "      <target dev='xvda'/>\n    </disk>\n%s  </devices>\n</domain>\n",
                           i, i, 1024 + i, graphics);
}

static Definition *make_definition(guint i)
{
    g_autofree char *xml = make_xml(i, "");
    g_autoptr(GError) error = NULL;
    DomainDef *def = domain_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, &error);

    g_assert_no_error(error);
    return definition_new(def);
}

static void test_peek(void)
{
    g_autofree char *xml = make_xml(3, "");
    g_autofree char *name = NULL;
    g_autofree char *uuid = NULL;

    g_assert_true(domain_def_peek(xml, &name, &uuid));
    g_assert_cmpstr(name, ==, "a&b3");
    g_assert_cmpstr(uuid, ==, "70a7eb15-6c34-ee9c-bf57-69e8e5ff3f03");
    g_assert_false(domain_def_peek("<domain><name>x</name></domain>", &name, &uuid));
    g_assert_false(domain_def_peek("<domain><devices><name>x</name><uuid>y</uuid>", &name, &uuid));
    g_assert_false(domain_def_peek("", &name, &uuid));
}

/* A text without secrets is kept once. */
static void test_texts(void)
{
    static const char vnc[] = "    <graphics type='vnc' passwd='secret'/>\n";
    g_autoptr(Definition) plain = make_definition(1);
    g_autofree char *xml = make_xml(2, vnc);
    g_autoptr(Definition) secret = definition_new_stored(g_strdup(xml));

    g_assert_true(definition_xml(plain, DOMAIN_XML_FORMAT_INACTIVE) ==
                  definition_stored_xml(plain));
    g_assert_nonnull(strstr(definition_stored_xml(secret), "passwd='secret'"));
    g_assert_null(strstr(definition_xml(secret, DOMAIN_XML_FORMAT_INACTIVE), "secret"));
}

static void test_bound(void)
{
    DefinitionCache *cache = definition_cache_new(3);
    Definition *kept[10];
    const DomainDef *in_use;

    for (guint i = 0; i < G_N_ELEMENTS(kept); i++) {
        kept[i] = definition_keep(make_definition(i), cache);
        g_assert_cmpuint(definition_cache_n_parsed(cache), <=, 3);
    }
    g_assert_cmpuint(definition_cache_n_parsed(cache), ==, 3);
    for (guint i = 0; i < G_N_ELEMENTS(kept); i++) {
        g_autoptr(Definition) mine = definition_ref(kept[i]);
        const DefinitionBrief *brief = definition_brief(mine);

        g_assert_cmpuint(definition_def(mine)->memory_kib, ==, 1024 + i);
        g_assert_cmpuint(brief->memory_kib, ==, 1024 + i);
        g_assert_cmpuint(brief->vcpus, ==, 4);
        g_assert_cmpstr(brief->disks[0], ==, "xvda");
        g_assert_cmpstr(brief->sources[0], ==, "/d");
        g_assert_null(brief->disks[1]);
    }
    g_assert_cmpuint(definition_cache_n_parsed(cache), <=, 3);

    /* One that somebody holds does not lose its form. */
    definition_ref(kept[0]);
    in_use = definition_def(kept[0]);
    for (guint i = 1; i < G_N_ELEMENTS(kept); i++) {
        g_autoptr(Definition) mine = definition_ref(kept[i]);

        definition_def(mine);
    }
    g_assert_cmpstr(in_use->name, ==, "a&b0");
    definition_unref(kept[0]);

    for (guint i = 0; i < G_N_ELEMENTS(kept); i++)
        definition_release(kept[i]);
    g_assert_cmpuint(definition_cache_n_parsed(cache), ==, 0);
    definition_cache_free(cache);
}

/* ---- many readers ---- */

#define N_SHARED 8

typedef struct {
    GMutex lock; /* as a registry's: references are taken under it */
    Definition *kept[N_SHARED];
    DefinitionCache *cache;
} Table;

static gpointer read_all(gpointer user_data)
{
    Table *table = user_data;

    for (guint round = 0; round < 2000; round++) {
        guint i = (guint)g_random_int_range(0, N_SHARED);
        g_autoptr(Definition) mine = NULL;

        g_mutex_lock(&table->lock);
        mine = definition_ref(table->kept[i]);
        if (round % 100 == 99) { /* another definition takes its place while it is read */
            definition_release(table->kept[i]);
            table->kept[i] = definition_keep(make_definition(i), table->cache);
        }
        g_mutex_unlock(&table->lock);
        g_assert_cmpuint(definition_def(mine)->memory_kib, ==, 1024 + i);
        g_assert_cmpstr(definition_def(mine)->os_type, ==, "xen");
    }
    return NULL;
}

static void test_threads(void)
{
    Table table = { .cache = definition_cache_new(2) };
    GThread *threads[4];

    g_mutex_init(&table.lock);
    for (guint i = 0; i < N_SHARED; i++)
        table.kept[i] = definition_keep(make_definition(i), table.cache);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("reader", read_all, &table);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    for (guint i = 0; i < N_SHARED; i++)
        definition_release(table.kept[i]);
    definition_cache_free(table.cache);
    g_mutex_clear(&table.lock);
}

/* ---- what is on disk ---- */

static gboolean keep_text(const char *uuid, const char *xml, gboolean autostart, gpointer ret,
                          GError **error)
{
    *(char **)ret = g_strdup(xml);
    return TRUE;
}

static void test_intact(void)
{
    g_autofree char *dir = g_dir_make_tmp("definition-XXXXXX", NULL);
    g_autofree char *autostart = g_build_filename(dir, "autostart", NULL);
    g_autofree char *path = g_build_filename(dir, "u.xml", NULL);
    g_autofree char *xml = make_xml(1, "");
    g_autofree char *text = NULL;
    g_autoptr(Store) store = store_new(dir, NULL);
    char *place;

    g_assert_true(store_save(store, "u", xml, NULL));
    g_assert_true(store_load(store, keep_text, &text, NULL));
    g_assert_cmpstr(store_text_intact(text), ==, xml);
    place = strstr(text, "1025");
    *place = '2';
    g_assert_null(store_text_intact(text));
    g_assert_null(store_text_intact(xml));
    g_assert_null(store_text_intact(""));
    g_remove(path);
    g_rmdir(autostart);
    g_rmdir(dir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/definition/peek", test_peek);
    g_test_add_func("/definition/texts", test_texts);
    g_test_add_func("/definition/bound", test_bound);
    g_test_add_func("/definition/threads", test_threads);
    g_test_add_func("/definition/intact", test_intact);
    return g_test_run();
}
