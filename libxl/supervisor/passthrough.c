/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI devices that are taken from the host's drivers for as long as the domain lives. */
#include <stdio.h>

#include "file.h"
#include "host-device.h"
#include "kxl-sysfs.h"
#include "session.h"

/* There as long as the device is not given back. */
static char *mark_path(const Session *s, guint i)
{
    g_autofree char *file = g_strdup_printf("pci-%u", i);

    return session_path(s, file);
}

gboolean passthrough_take(Session *s, GError **error)
{
    for (guint i = 0; i < s->config->pcis->len; i++) {
        const KxlDevicePci *pci = s->config->pcis->pdata[i];
        g_autofree char *mark = mark_path(s, i);

        if (kxl_host_pci_is_to_take(kxl_sysfs_dir(), pci) &&
            (!kxl_file_write(mark, "", error) || !kxl_host_pci_take(kxl_sysfs_dir(), pci, error)))
            return FALSE;
    }
    return TRUE;
}

void passthrough_return(Session *s)
{
    for (guint i = 0; i < s->config->pcis->len; i++) {
        g_autofree char *mark = mark_path(s, i);
        g_autoptr(GError) error = NULL;

        if (!g_file_test(mark, G_FILE_TEST_EXISTS))
            continue;
        if (!kxl_host_pci_return(kxl_sysfs_dir(), s->config->pcis->pdata[i], &error))
            g_warning("PCI device cannot be given back: %s", error->message);
        remove(mark);
    }
}
