/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bench-domain-xml FILE N: defines FILE and formats the definition, N times. For domain_xml.py. */
#include <domain-xml.h>
#include <stdio.h>
#include <stdlib.h>

static void fill(guint8 *buf, gsize len)
{
    for (gsize i = 0; i < len; i++)
        buf[i] = 1;
}

int main(int argc, char **argv)
{
    const DomainXmlCaps caps = { .emulator = "/usr/bin/qemu-system-x86_64" };
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = NULL;

    if (argc != 3 || !g_file_get_contents(argv[1], &xml, NULL, &error)) {
        fprintf(stderr, "usage: bench-domain-xml FILE N\n");
        return 2;
    }
    for (int n = atoi(argv[2]); n > 0; n--) {
        g_autoptr(DomainDef) def = domain_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, &error);
        if (def == NULL || !domain_def_complete(def, &caps, fill, &error)) {
            fprintf(stderr, "%s\n", error->message);
            return 1;
        }
        g_free(domain_def_format(def, DOMAIN_XML_FORMAT_INACTIVE));
    }
    return 0;
}
