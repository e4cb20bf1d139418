/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A PVH guest: QEMU starts its kernel at the entry of the PHYS32_ENTRY note (Xen docs/misc/pvh)
 * in a PC that has virtio devices only. Disks and vifs sit where a PV guest's would.
 */
#include <string.h>

#include "machine-args.h"

/* Linux names virtio disks in the order of their places: vda ... vdz, vdaa ... */
static char *virtio_disk_name(guint index)
{
    GString *name = g_string_new(NULL);

    for (guint n = index + 1; n > 0; n = (n - 1) / 26)
        g_string_prepend_c(name, (char)('a' + (n - 1) % 26));
    g_string_prepend(name, "vd");
    return g_string_free(name, FALSE);
}

/* "xvda1" as the guest finds it: a disk of that name, or a partition of one. NULL: of none. */
static char *guest_device(const KxlDomainConfig *config, const char *device)
{
    for (guint i = 0; i < config->disks->len; i++) {
        const char *vdev = ((const KxlDeviceDisk *)config->disks->pdata[i])->vdev;
        gsize n = vdev ? strlen(vdev) : 0;
        const char *partition = device + n;
        g_autofree char *name = NULL;

        if (n == 0 || strncmp(device, vdev, n) != 0)
            continue;
        if (strspn(partition, "0123456789") != strlen(partition) ||
            (*partition && g_ascii_isdigit(vdev[n - 1])))
            continue;
        name = virtio_disk_name(i);
        return g_strconcat(name, partition, NULL);
    }
    return NULL;
}

char *kxl_machine_pvh_cmdline(const KxlDomainConfig *config)
{
    static const char root[] = "root=/dev/";
    g_auto(GStrv) words = g_strsplit(config->cmdline ? config->cmdline : "", " ", -1);

    for (char **word = words; *word; word++) {
        g_autofree char *device = NULL;

        if (!g_str_has_prefix(*word, root))
            continue;
        device = guest_device(config, *word + strlen(root));
        if (!device)
            continue;
        g_free(*word);
        *word = g_strconcat(root, device, NULL);
    }
    return g_strjoinv(" ", words);
}

static void add_boot(KxlArgs *args, const KxlMachine *m)
{
    g_autofree char *boot = g_build_filename(m->dir, "boot", NULL);
    g_autofree char *cmdline = kxl_machine_pvh_cmdline(m->config);

    kxl_args_add(args, "-kernel", "%s", boot);
    if (m->config->ramdisk)
        kxl_args_add(args, "-initrd", "%s", m->config->ramdisk);
    if (*cmdline)
        kxl_args_add(args, "-append", "%s", cmdline);
}

/* The guest's hvc0, as Xen's console would be. */
static void add_console(KxlArgs *args, const KxlMachine *m)
{
    g_autofree char *log = g_strdup_printf("%s/console-%s.log", m->log_dir, m->config->name);
    g_autofree char *quoted = kxl_args_quote(log);

    kxl_args_add(args, "-device", "virtio-serial-pci,id=vser,disable-legacy=on,addr=02.0");
    kxl_args_add(args, "-chardev", "pty,id=console0,logfile=%s,logappend=on", quoted);
    kxl_args_add(args, "-device", "virtconsole,bus=vser.0,nr=0,chardev=console0");
}

gboolean kxl_args_pvh(KxlArgs *args, const KxlMachine *m, GError **error)
{
    const KxlDomainConfig *config = m->config;

    if (config->serials->len > 0)
        return kxl_args_unsupported(error, "serial in a PVH domain");
    if (config->disks->len + config->nics->len > KXL_MACHINE_MAX_PV_DEVICES)
        return kxl_args_unsupported(error, "more than %d disks and vifs",
                                    KXL_MACHINE_MAX_PV_DEVICES);
    if (!kxl_args_board(args, m, error))
        return FALSE;
    add_boot(args, m);
    add_console(args, m);
    return kxl_args_hvm_cpu(args, m, error) && kxl_args_pv_disks(args, m, error) &&
           kxl_args_pv_nics(args, m, error) && kxl_args_display(args, m, error) &&
           kxl_args_misc(args, m, error) && kxl_args_ports(args, config, error);
}
