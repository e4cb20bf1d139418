/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

const DomainXmlCaps test_caps = { .emulator = "/usr/bin/qemu-system-x86_64",
                                  .allow_arguments = TRUE };
const DomainXmlCaps test_xen_caps = {
    .emulator = "/usr/lib/xen/bin/qemu-system-i386",
    .loader = "/usr/lib/xen/boot/hvmloader",
    .for_conversion = TRUE,
};

static guint8 next_random;

void test_random(guint8 *buf, gsize len)
{
    for (gsize i = 0; i < len; i++)
        buf[i] = next_random++;
}

void test_random_reset(void)
{
    next_random = 0;
}

DomainDef *test_define(const char *xml, const DomainXmlCaps *caps, GError **error)
{
    g_autoptr(DomainDef) def = domain_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, error);

    test_random_reset();
    if (def == NULL || !domain_def_complete(def, caps, test_random, error))
        return NULL;
    return g_steal_pointer(&def);
}

char *test_read(const char *path)
{
    g_autoptr(GError) error = NULL;
    char *text;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

char *test_shared_dir(void)
{
    const char *set = g_getenv("KANZEN_SHARED");
    g_autofree char *dir =
        set != NULL ? g_strdup(set) : g_build_filename(TEST_ROOT, "..", "shared", NULL);

    return g_file_test(dir, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&dir) : NULL;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

void test_each_file(const char *dir, const char *suffix, void (*func)(const char *path))
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) handle = g_dir_open(dir, 0, NULL);
    const char *name;

    while (handle != NULL && (name = g_dir_read_name(handle)) != NULL)
        if (g_str_has_suffix(name, suffix))
            g_ptr_array_add(names, g_build_filename(dir, name, NULL));
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++)
        func(g_ptr_array_index(names, i));
}

void test_assert_fixed_point(const DomainDef *def)
{
    const DomainXmlFormatFlags all = DOMAIN_XML_FORMAT_SECURE | DOMAIN_XML_FORMAT_INACTIVE;
    g_autoptr(GError) error = NULL;
    g_autofree char *first = domain_def_format(def, all);

    g_autoptr(DomainDef) again =
        domain_def_parse(first, DOMAIN_XML_PARSE_INACTIVE | DOMAIN_XML_PARSE_VALIDATE, &error);
    g_assert_no_error(error);
    g_autofree char *second = domain_def_format(again, all);
    g_assert_cmpstr(second, ==, first);

    g_autoptr(DomainDef) copy = domain_def_dup(again);
    g_clear_pointer(&again, domain_def_free);
    g_autofree char *third = domain_def_format(copy, all);
    g_assert_cmpstr(third, ==, first);
}
