/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine hv runs in: a PC without firmware devices, virtio functions where kanzen-abi.h
 * says. */
#include <kanzen-abi.h>

#include "machine-args.h"

static void add_chardev_file(KxlArgs *args, const char *id, const char *dir, const char *file)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    g_autofree char *quoted = kxl_args_quote(path);

    kxl_args_add(args, "-chardev", "file,id=%s,path=%s,append=on", id, quoted);
}

/* hv's log and its life-cycle lines. */
static void add_debug_ports(KxlArgs *args, const KxlMachine *m)
{
    add_chardev_file(args, "hvlog", m->dir, "hv.log");
    kxl_args_add(args, "-device", "isa-debugcon,chardev=hvlog,iobase=%#x", KZ_IOPORT_LOG);
    add_chardev_file(args, "hvstatus", m->dir, "status");
    kxl_args_add(args, "-device", "isa-debugcon,chardev=hvstatus,iobase=%#x", KZ_IOPORT_STATUS);
}

static void add_store_port(KxlArgs *args, const KxlMachine *m, guint nr, const char *id,
                           const char *file, const char *name)
{
    g_autofree char *path = g_build_filename(m->dir, file, NULL);
    g_autofree char *quoted = kxl_args_quote(path);

    kxl_args_add(args, "-chardev", "socket,id=%s,path=%s,server=on,wait=off", id, quoted);
    kxl_args_add(args, "-device", "virtserialport,bus=vser.0,nr=%u,chardev=%s,name=%s", nr, id,
                 name);
}

static void add_serial_ports(KxlArgs *args, const KxlMachine *m)
{
    g_autofree char *log = g_strdup_printf("%s/console-%s.log", m->log_dir, m->config->name);
    g_autofree char *quoted = kxl_args_quote(log);

    kxl_args_add(args, "-device",
                 "virtio-serial-pci,id=vser,max_ports=8,disable-legacy=on,addr=02.0");
    kxl_args_add(args, "-chardev", "pty,id=console0,logfile=%s,logappend=on", quoted);
    kxl_args_add(args, "-device", "virtconsole,bus=vser.0,nr=0,chardev=console0");
    add_store_port(args, m, 1, "xsops", "xs-ops.sock", KZ_PORT_STORE_OPS);
    add_store_port(args, m, 2, "xsdaemon", "xs-daemon.sock", KZ_PORT_STORE_DAEMON);
}

static void add_boot(KxlArgs *args, const KxlMachine *m)
{
    g_autofree char *boot = g_build_filename(m->dir, "boot", NULL);

    kxl_args_add(args, "-kernel", "%s", m->hv_image);
    kxl_args_add(args, "-initrd", "%s", boot);
    kxl_args_add(args, "-append", "loglevel=info");
}

gboolean kxl_args_pv(KxlArgs *args, const KxlMachine *m, GError **error)
{
    if (m->config->disks->len + m->config->nics->len > KXL_MACHINE_MAX_PV_DEVICES)
        return kxl_args_unsupported(error, "more than %d disks and vifs",
                                    KXL_MACHINE_MAX_PV_DEVICES);
    kxl_args_add(args, "-machine", "pc,usb=off,vmport=off,smm=off,hpet=off,dump-guest-core=off");
    kxl_args_add(args, "-cpu", "%s", m->accel == KXL_ACCEL_KVM ? "host" : KXL_TCG_CPU);
    kxl_args_add(args, "-rtc", "base=utc");
    add_boot(args, m);
    add_debug_ports(args, m);
    add_serial_ports(args, m);
    return kxl_args_pv_consoles(args, m, error) && kxl_args_pv_disks(args, m, error) &&
           kxl_args_pv_nics(args, m, error) && kxl_args_display(args, m, error);
}
