/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine.h"

#include <stdarg.h>
#include <string.h>

#include "machine-args.h"
#include "places.h"

/* What hv keeps for itself (docs/hv-memory-layout.md): image, firmware and heap; eight bytes a page
 * and a little more for its tables; stacks and tables of each further CPU; rings and requests of
 * each disk and vif, and of each queue of theirs after the first. */
#define HV_FIXED_KB     2560
#define HV_GUEST_PER_KB 400
#define HV_VCPU_KB      40
#define HV_DEVICE_KB    192
#define HV_DISK_QUEUE_KB 48
#define HV_NIC_QUEUE_KB  320
#define HV_VFB_KB       384 /* with the list of a framebuffer's pages while it is told to the
                               device */

void kxl_args_add(KxlArgs *args, const char *option, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    g_ptr_array_add(args, g_strdup(option));
    g_ptr_array_add(args, g_strdup_vprintf(format, ap));
    va_end(ap);
}

void kxl_args_flag(KxlArgs *args, const char *option)
{
    g_ptr_array_add(args, g_strdup(option));
}

char *kxl_args_quote(const char *value)
{
    return kxl_options_quote(value);
}

gboolean kxl_args_unsupported(GError **error, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list ap;

    va_start(ap, format);
    message = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED, "%s is not supported", message);
    return FALSE;
}

guint kxl_machine_disk_queues(const KxlDomainConfig *config, const KxlDeviceDisk *disk)
{
    return disk->queues ? disk->queues : CLAMP(config->max_vcpus, 1, KXL_MACHINE_MAX_QUEUES);
}

guint kxl_machine_nic_queues(const KxlDomainConfig *config, const KxlDeviceNic *nic)
{
    return nic->kind == KXL_NIC_BRIDGE && config->type != KXL_TYPE_HVM
               ? CLAMP(config->max_vcpus, 1, KXL_MACHINE_MAX_QUEUES)
               : 1;
}

/* Of the queues that each device has beside the first. */
static guint64 hv_queues_kb(const KxlDomainConfig *config)
{
    guint64 kb = 0;

    for (guint i = 0; i < config->disks->len; i++)
        kb += HV_DISK_QUEUE_KB * (kxl_machine_disk_queues(config, config->disks->pdata[i]) - 1);
    for (guint i = 0; i < config->nics->len; i++)
        kb += HV_NIC_QUEUE_KB * (kxl_machine_nic_queues(config, config->nics->pdata[i]) - 1);
    return kb;
}

static guint64 hv_share_kb(const KxlDomainConfig *config, guint64 guest_kb)
{
    if (config->type != KXL_TYPE_PV)
        return 0;
    return HV_FIXED_KB + guest_kb / HV_GUEST_PER_KB + HV_VCPU_KB * (MAX(config->max_vcpus, 1) - 1) +
           HV_DEVICE_KB * (config->disks->len + config->nics->len) + hv_queues_kb(config) +
           HV_VFB_KB * config->vfbs->len;
}

guint64 kxl_machine_memory_kb(const KxlDomainConfig *config)
{
    guint64 guest = MAX(config->max_memkb, config->target_memkb);
    guint64 modules = kxl_modules_kb(config);

    if (config->machine_memkb)
        return config->machine_memkb;

    guest -= MIN(guest, modules);

    return (guest + hv_share_kb(config, guest) + 1023) / 1024 * 1024;
}


char **kxl_machine_environment(const KxlDomainConfig *config)
{
    const KxlSdl *sdl = &config->sdl;
    GPtrArray *env = g_ptr_array_new();

    if (sdl->enable && sdl->display)
        g_ptr_array_add(env, g_strdup_printf("DISPLAY=%s", sdl->display));
    if (sdl->enable && sdl->xauthority)
        g_ptr_array_add(env, g_strdup_printf("XAUTHORITY=%s", sdl->xauthority));
    for (char **variable = config->device_model_env; variable && *variable; variable++)
        g_ptr_array_add(env, g_strdup(*variable));
    g_ptr_array_add(env, NULL);
    return (char **)g_ptr_array_free(env, FALSE);
}

static void add_name(KxlArgs *args, const KxlMachine *m)
{
    g_autofree char *name = kxl_args_quote(m->config->name);

    kxl_args_add(args, "-name", "guest=%s,debug-threads=on", name);
}

/* Two monitors. One is for whoever operates on the domain. The other only writes down what happens,
 * so that nothing is lost while no supervisor listens: its "pipe" is a pair of files, of which the
 * one to read from holds the one command that makes QEMU tell of events. */
static void add_monitors(KxlArgs *args, const KxlMachine *m)
{
    g_autofree char *socket = g_build_filename(m->dir, "qmp.sock", NULL);
    g_autofree char *events = g_build_filename(m->dir, "events", NULL);
    g_autofree char *socket_quoted = kxl_args_quote(socket),
                    *events_quoted = kxl_args_quote(events);

    kxl_args_add(args, "-chardev", "socket,id=qmp,path=%s,server=on,wait=off", socket_quoted);
    kxl_args_add(args, "-mon", "chardev=qmp,mode=control");
    kxl_args_add(args, "-chardev", "pipe,id=events,path=%s", events_quoted);
    kxl_args_add(args, "-mon", "chardev=events,mode=control");
}

static gboolean add_common(KxlArgs *args, const KxlMachine *m, GError **error)
{
    add_name(args, m);
    kxl_args_flag(args, "-nodefaults");
    kxl_args_flag(args, "-no-user-config");
    kxl_args_add(args, "-sandbox",
                 "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    kxl_args_add(args, "-action", "reboot=shutdown,shutdown=pause,panic=pause");
    kxl_args_flag(args, "-S");
    kxl_args_accel(args, m);
    kxl_args_smp(args, m);
    if (!kxl_args_memory(args, m, error))
        return FALSE;
    add_monitors(args, m);
    return TRUE;
}

static gboolean check_devices(const KxlDomainConfig *config, GError **error)
{
    if (config->pcis->len > 0 && config->type != KXL_TYPE_HVM)
        return kxl_args_unsupported(error, "pci: PCI passthrough to a %s domain",
                                    kxl_domain_type_to_string(config->type));
    for (guint i = 0; i < config->nics->len; i++)
        if (((const KxlDeviceNic *)config->nics->pdata[i])->kind == KXL_NIC_FUNCTION &&
            config->type != KXL_TYPE_HVM)
            return kxl_args_unsupported(error, "vif %u: PCI passthrough to a %s domain", i,
                                        kxl_domain_type_to_string(config->type));
    for (guint i = 0; i < config->disks->len; i++) {
        const KxlDeviceDisk *disk = config->disks->pdata[i];

        if (disk->script)
            return kxl_args_unsupported(error, "disk '%s': a block script ('%s')", disk->vdev,
                                        disk->script);
    }
    return TRUE;
}

static gboolean renames(const KxlDomainConfig *config)
{
    return config->on_crash == KXL_ACTION_RENAME_RESTART ||
           config->on_reboot == KXL_ACTION_RENAME_RESTART ||
           config->on_poweroff == KXL_ACTION_RENAME_RESTART ||
           config->on_watchdog == KXL_ACTION_RENAME_RESTART;
}

/* What the ended machine could not leave to the one that takes its place. */
static gboolean holds_more(const KxlDomainConfig *config)
{
    return config->pcis->len || config->usbs->len || config->hostdevs->len || config->tpms->len ||
           config->spice.enable;
}

/* hv emulates the TSC, QEMU does not. Xen 4.17 refuses native_paravirt as well. */
static gboolean check_tsc_mode(const KxlDomainConfig *config, GError **error)
{
    if (g_strcmp0(config->tsc_mode, "native_paravirt") == 0)
        return kxl_args_unsupported(error, "tsc_mode 'native_paravirt'");
    if (g_strcmp0(config->tsc_mode, "always_emulate") == 0 && config->type != KXL_TYPE_PV)
        return kxl_args_unsupported(error, "tsc_mode 'always_emulate' in a %s domain",
                                    kxl_domain_type_to_string(config->type));
    return TRUE;
}

/* Options that no machine of ours has, or not in the way that is asked for. */
static gboolean check_options(const KxlDomainConfig *config, GError **error)
{
    if (config->type == KXL_TYPE_PVH && config->bootloader)
        return kxl_args_unsupported(error, "bootloader '%s' in a PVH domain", config->bootloader);
    if (config->cpuid && config->type == KXL_TYPE_PV)
        return kxl_args_unsupported(error, "cpuid '%s' in a %s domain", config->cpuid,
                                    kxl_domain_type_to_string(config->type));
    if (config->board.machine && !g_str_equal(config->board.machine, "q35"))
        return kxl_args_unsupported(error, "machine '%s'", config->board.machine);
    if (!check_tsc_mode(config, error))
        return FALSE;
    if (renames(config) && holds_more(config))
        return kxl_args_unsupported(error, "action 'rename-restart' of a domain with devices of "
                                           "the host's, a TPM or SPICE");
    if (config->passthrough && !g_str_equal(config->passthrough, "disabled") &&
        !g_str_equal(config->passthrough, "default"))
        return kxl_args_unsupported(error, "passthrough '%s'", config->passthrough);
    if (config->xen_platform_pci && config->type != KXL_TYPE_HVM)
        return kxl_args_unsupported(error, "xen_platform_pci in a %s domain",
                                    kxl_domain_type_to_string(config->type));
    return TRUE;
}

gboolean kxl_machine_check(const KxlDomainConfig *config, GError **error)
{
    return check_options(config, error) && check_devices(config, error);
}

char **kxl_machine_argv(const KxlMachine *m, GError **error)
{
    static gboolean (*const builders[KXL_TYPE_COUNT])(KxlArgs *, const KxlMachine *, GError **) = {
        [KXL_TYPE_PV] = kxl_args_pv,
        [KXL_TYPE_HVM] = kxl_args_hvm,
        [KXL_TYPE_PVH] = kxl_args_pvh,
    };
    g_autoptr(GPtrArray) args = g_ptr_array_new_with_free_func(g_free);

    if (!kxl_machine_check(m->config, error))
        return NULL;
    kxl_args_flag(args, m->qemu);
    if (!add_common(args, m, error) || !builders[m->config->type](args, m, error))
        return NULL;
    kxl_args_sort_devices(args);
    if (m->incoming)
        kxl_args_add(args, "-incoming", "defer");
    for (char **arg = m->config->device_model_args; arg && *arg; arg++)
        kxl_args_flag(args, *arg);
    if (m->places) {
        kxl_places_put(args, m->places);
        kxl_args_sort_devices(args);
    }
    g_ptr_array_add(args, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&args), FALSE);
}
