/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt fills in when a domain is defined, and the checks it makes then. */
#include "complete.h"

#include <string.h>

#include "def-classes.h"
#include "number-set.h"

typedef void (*RandomFunc)(guint8 *buf, gsize len);

static void set_default(char **field, const char *value)
{
    if (*field == NULL)
        *field = g_strdup(value);
}

/* RFC 4122, version 4. */
static char *new_uuid(RandomFunc random)
{
    guint8 b[16];

    random(b, sizeof b);
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    return g_strdup_printf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                           b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
                           b[12], b[13], b[14], b[15]);
}

/* What is no set is left for the checks to name. */
static void normalise_set(char **text)
{
    char *set = *text != NULL ? number_set_normalise(*text) : NULL;

    if (set != NULL) {
        g_free(*text);
        *text = set;
    }
}

/* The set at offset in each element of a list. */
static void normalise_sets(const GPtrArray *list, gsize offset)
{
    for (guint i = 0; i < list->len; i++)
        normalise_set(G_STRUCT_MEMBER_P(g_ptr_array_index(list, i), offset));
}

static void complete_sets(DomainDef *def)
{
    DomainCputune *cputune = &def->cputune;

    normalise_set(&def->vcpu_cpuset);
    normalise_sets(def->vcpu_pins, offsetof(DomainVcpuPin, cpuset));
    normalise_set(&cputune->emulator_cpuset);
    normalise_sets(cputune->iothread_pins, offsetof(DomainIothreadPin, cpuset));
    normalise_sets(cputune->vcpu_scheds, offsetof(DomainSched, which));
    normalise_sets(cputune->iothread_scheds, offsetof(DomainSched, which));
    if (def->numatune != NULL) {
        normalise_set(&def->numatune->nodeset);
        normalise_sets(def->numatune->memnodes, offsetof(DomainMemnode, nodeset));
    }
    if (def->memory_backing != NULL)
        normalise_sets(def->memory_backing->pages, offsetof(DomainHugePage, nodeset));
    if (def->cpu != NULL)
        normalise_sets(def->cpu->cells, offsetof(DomainNumaCell, cpus));
}

static gboolean is_enabled(const DomainVcpu *vcpu)
{
    return strcmp(vcpu->enabled, "yes") == 0;
}

/* What one part of a document says by saying another. */
static void complete_machine(DomainDef *def, const DomainXmlCaps *caps, RandomFunc random)
{
    guint64 cells_kib = 0, modules_kib = 0;
    guint online = 0;

    if (def->has_genid && def->genid == NULL)
        def->genid = new_uuid(random);
    for (guint i = 0; def->cpu != NULL && i < def->cpu->cells->len; i++)
        cells_kib += ((const DomainNumaCell *)g_ptr_array_index(def->cpu->cells, i))->memory_kib;
    for (guint i = 0; i < def->memories->len; i++)
        modules_kib += ((const DomainMemory *)g_ptr_array_index(def->memories, i))->size_kib;
    /* Of what is only converted the sizes need not add up. */
    if (cells_kib != 0 && (def->memory_kib == 0 || !caps->for_conversion))
        def->memory_kib = cells_kib + modules_kib;
    def->iothreads = MAX(def->iothreads, def->iothread_ids->len);
    for (guint i = 0; i < def->vcpus->len; i++)
        online += is_enabled(g_ptr_array_index(def->vcpus, i));
    if (online != 0)
        def->vcpus_current = online;
}

static void complete_general(DomainDef *def, RandomFunc random)
{
    if (def->uuid == NULL)
        def->uuid = new_uuid(random);
    if (def->current_memory_kib == 0)
        def->current_memory_kib = def->memory_kib;
    if (def->vcpus_current == def->vcpus_max)
        def->vcpus_current = 0;
    set_default(&def->on_poweroff, "destroy");
    set_default(&def->on_reboot, "restart");
    set_default(&def->on_crash, "destroy");
}

static void add_boot_dev(DomainDef *def, const char *dev)
{
    DomainBootDev *boot = g_new0(DomainBootDev, 1);

    boot->dev = g_strdup(dev);
    g_ptr_array_add(def->boot_devs, boot);
}

static gboolean has_boot_order(const DomainDef *def)
{
    for (guint i = 0; i < def->disks->len; i++)
        if (((const DomainDisk *)g_ptr_array_index(def->disks, i))->info.boot_order != 0)
            return TRUE;
    for (guint i = 0; i < def->interfaces->len; i++)
        if (((const DomainInterface *)g_ptr_array_index(def->interfaces, i))->info.boot_order != 0)
            return TRUE;
    for (guint i = 0; i < def->redirdevs->len; i++)
        if (((const DomainRedirdev *)g_ptr_array_index(def->redirdevs, i))->info.boot_order != 0)
            return TRUE;
    for (guint i = 0; i < def->hostdevs->len; i++)
        if (((const DomainHostdev *)g_ptr_array_index(def->hostdevs, i))->info.boot_order != 0)
            return TRUE;
    return FALSE;
}

gboolean domain_is_uefi(const DomainDef *def)
{
    if (def->os_firmware != NULL)
        return strcmp(def->os_firmware, "efi") == 0;
    if (def->loader == NULL)
        return FALSE;
    g_autofree char *lower = g_ascii_strdown(def->loader, -1);
    return g_strcmp0(def->loader_type, "pflash") == 0 || strstr(lower, "ovmf") != NULL;
}

/* The guest's variables outlive its runs: who undefines it must know of the file. */
static void complete_nvram(DomainDef *def, const DomainXmlCaps *caps)
{
    if (caps->nvram_dir != NULL && domain_is_uefi(def) && def->nvram == NULL &&
        def->nvram_source == NULL)
        def->nvram = g_strdup_printf("%s/%s_VARS.fd", caps->nvram_dir, def->name);
}

static void complete_os(DomainDef *def, const DomainXmlCaps *caps)
{
    static const char *const machines[][2] = {
        { "xen", "xenpv" },
        { "hvm", "xenfv" },
        { "xenpvh", "xenpvh" },
    };

    set_default(&def->os_arch, "x86_64");
    for (guint i = 0; i < G_N_ELEMENTS(machines); i++)
        if (strcmp(def->os_type, machines[i][0]) == 0)
            set_default(&def->os_machine, machines[i][1]);
    if (!domain_is_hvm(def))
        return;

    if (def->os_firmware == NULL)
        set_default(&def->loader, caps->loader);
    if (def->loader != NULL)
        set_default(&def->loader_type, "rom");
    complete_nvram(def, caps);
    set_default(&def->emulator, caps->emulator);
    if (strcmp(def->os_arch, "x86_64") == 0)
        def->features.pae = TRUE;
    if (def->boot_devs->len == 0 && !has_boot_order(def))
        add_boot_dev(def, "hd");
}

static void complete_clock(DomainDef *def)
{
    if (def->clock == 0)
        def->clock = DOMAIN_CLOCK_UTC;
    if (def->clock == DOMAIN_CLOCK_VARIABLE) {
        set_default(&def->clock_adjustment, "0");
        set_default(&def->clock_basis, "utc");
    }
}

/* Addresses in the range that the IEEE gave to Xen. */
static void complete_interfaces(DomainDef *def, RandomFunc random)
{
    for (guint i = 0; i < def->interfaces->len; i++) {
        DomainInterface *interface = g_ptr_array_index(def->interfaces, i);
        guint8 bytes[3];

        if (interface->mac != NULL)
            continue;
        random(bytes, sizeof bytes);
        interface->mac = g_strdup_printf("00:16:3e:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2]);
    }
}

gboolean domain_def_complete(DomainDef *def, const DomainXmlCaps *caps, RandomFunc random,
                             GError **error)
{
    complete_sets(def);
    complete_machine(def, caps, random);
    complete_general(def, random);
    complete_os(def, caps);
    complete_clock(def);
    if (!complete_disks(def, error))
        return FALSE;
    complete_interfaces(def, random);
    complete_chars(def);
    complete_devices(def);
    return check_definition(def, error) &&
           (caps->for_conversion || check_supported(def, caps, error));
}
