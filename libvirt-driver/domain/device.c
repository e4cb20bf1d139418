/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device.h"

#include <domain-xml.h>
#include <string.h>

#define LIST(word, kind, list, Type)                                                               \
    {                                                                                              \
        word, kind, G_STRUCT_OFFSET(DomainDef, list), G_STRUCT_OFFSET(Type, info)                  \
    }

/* The arrays of a definition whose elements are devices that can be told apart. */
static const struct {
    const char *word;
    DeviceKind kind;
    gsize list, info;
} lists[] = {
    LIST("disk", DEVICE_DISK, disks, DomainDisk),
    LIST("interface", DEVICE_INTERFACE, interfaces, DomainInterface),
    LIST("memory", DEVICE_MEMORY, memories, DomainMemory),
    LIST("controller", DEVICE_OTHER, controllers, DomainController),
    LIST("serial", DEVICE_OTHER, serials, DomainChar),
    LIST("parallel", DEVICE_OTHER, parallels, DomainChar),
    LIST("console", DEVICE_OTHER, consoles, DomainChar),
    LIST("channel", DEVICE_OTHER, channels, DomainChar),
    LIST("input", DEVICE_OTHER, inputs, DomainInput),
    LIST("tpm", DEVICE_OTHER, tpms, DomainTpm),
    LIST("sound", DEVICE_OTHER, sounds, DomainSound),
    LIST("video", DEVICE_OTHER, videos, DomainVideo),
    LIST("hostdev", DEVICE_OTHER, hostdevs, DomainHostdev),
    LIST("rng", DEVICE_OTHER, rngs, DomainRng),
    LIST("shmem", DEVICE_OTHER, shmems, DomainShmem),
};

static GPtrArray *list_at(const DomainDef *def, gsize offset)
{
    return G_STRUCT_MEMBER(GPtrArray *, def, offset);
}

static void set_row(Device *device, guint row)
{
    device->kind = lists[row].kind;
    device->word = lists[row].word;
    device->list = lists[row].list;
}

void device_clear(Device *device)
{
    g_clear_pointer(&device->def, domain_def_free);
}

/* Of a document that was parsed: "disk" of "<disk .../>". */
static char *first_element(const char *xml)
{
    const char *name = strchr(xml, '<');

    return name != NULL ? g_strndup(name + 1, strcspn(name + 1, " \t\r\n/>")) : g_strdup("");
}

/* Devices of the format that a domain has from its definition only. */
static const char *const others[] = {
    "graphics",   "video",    "audio",       "memballoon", "nvram",     "lease", "emulator",
    "filesystem", "memory",   "hub",         "redirdev",   "smartcard", "iommu", "vsock",
    "crypto",     "watchdog", "redirfilter", "panic",      NULL,
};

gboolean device_parse(Device *device, const DomainDef *like, const char *xml, GError **error)
{
    g_autofree char *text =
        g_strdup_printf("<domain type='xen'><name>device</name><memory>1024</memory>"
                        "<os><type>%s</type></os><devices>%s</devices></domain>",
                        like->os_type != NULL ? like->os_type : "xen", xml);
    g_autofree char *element = NULL;
    guint found = 0;

    *device = (Device){ .def = domain_def_parse(text, DOMAIN_XML_PARSE_INACTIVE, error) };
    if (device->def == NULL)
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        guint n = list_at(device->def, lists[i].list)->len;

        found += n;
        if (n > 0)
            set_row(device, i);
    }
    if (found == 1)
        return TRUE;
    if (found > 1)
        return fail(error, VIR_ERR_XML_ERROR, "more than one device in the XML");
    element = first_element(xml);
    if (*element == '\0')
        return fail_from(error, VIR_FROM_DOMAIN, VIR_ERR_XML_DETAIL,
                         "(device_definition):1: Document is empty");
    if (!g_strv_contains(others, element))
        return fail_from(error, VIR_FROM_DOMAIN, VIR_ERR_XML_ERROR, "unknown device type '%s'",
                         element);
    return fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                "a device '%s' cannot be attached to or detached from a domain", element);
}

GPtrArray *device_list(const Device *device, const DomainDef *def)
{
    return list_at(def, device->list);
}

DomainDisk *device_disk(const Device *device)
{
    return device_list(device, device->def)->pdata[0];
}

DomainInterface *device_interface(const Device *device)
{
    return device_list(device, device->def)->pdata[0];
}

DomainMemory *device_memory(const Device *device)
{
    return device_list(device, device->def)->pdata[0];
}

DomainDeviceInfo *device_info(const Device *device, const DomainDef *def, int index)
{
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
        if (lists[i].list == device->list)
            return G_STRUCT_MEMBER_P(device_list(device, def)->pdata[index], lists[i].info);
    g_return_val_if_reached(NULL);
}

gboolean device_by_alias(Device *device, const DomainDef *def, const char *alias, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        *device = (Device){ 0 };
        set_row(device, i);
        for (guint n = 0; n < device_list(device, def)->len; n++) {
            GPtrArray *list = device_list(device, def);

            if (g_strcmp0(device_info(device, def, (int)n)->alias, alias) != 0)
                continue;
            /* A copy of the definition with this one alone, so that it is found like any other. */
            device->def = domain_def_dup(def);
            list = device_list(device, device->def);
            if (n + 1 < list->len)
                g_ptr_array_remove_range(list, n + 1, list->len - n - 1);
            if (n > 0)
                g_ptr_array_remove_range(list, 0, n);
            return TRUE;
        }
    }
    return fail(error, VIR_ERR_DEVICE_MISSING, "no device found with alias %s", alias);
}

/* ---- finding ---- */

/* Targets are compared as the numbers that guests see: vda is xvda. */
static gboolean same_target(const char *a, const char *b)
{
    int number = a != NULL ? kxl_vdev_to_devid(a) : -1;

    if (number < 0 || b == NULL)
        return g_strcmp0(a, b) == 0;
    return number == kxl_vdev_to_devid(b);
}

/* By what does not change of a memory device, and by its place when that is asked for. */
static gboolean same_memory(const DomainMemory *is, const DomainMemory *wanted)
{
    const DomainAddress *a = is->info.address, *b = wanted->info.address;

    if (wanted->info.alias != NULL && g_strcmp0(is->info.alias, wanted->info.alias) != 0)
        return FALSE;
    if (b != NULL && (a == NULL || a->type != b->type || a->slot != b->slot ||
                      (b->base != NULL && g_strcmp0(a->base, b->base) != 0)))
        return FALSE;
    return g_strcmp0(is->model, wanted->model) == 0 && is->size_kib == wanted->size_kib &&
           is->node == wanted->node && is->block_kib == wanted->block_kib &&
           g_strcmp0(is->path, wanted->path) == 0;
}

static gboolean is_same(const Device *device, const DomainDef *def, guint i)
{
    const DomainDisk *disk = device_list(device, def)->pdata[i];
    const DomainInterface *interface = device_list(device, def)->pdata[i];

    switch (device->kind) {
    case DEVICE_DISK:
        return same_target(disk->target, device_disk(device)->target);
    case DEVICE_INTERFACE:
        return device_interface(device)->mac != NULL && interface->mac != NULL &&
               g_ascii_strcasecmp(interface->mac, device_interface(device)->mac) == 0;
    case DEVICE_MEMORY:
        return same_memory(device_list(device, def)->pdata[i], device_memory(device));
    default:
        return g_strcmp0(device_info(device, def, (int)i)->alias,
                         device_info(device, device->def, 0)->alias) == 0;
    }
}

static int find(const Device *device, const DomainDef *def)
{
    /* libvirt: an interface without a MAC is the only one. */
    if (device->kind == DEVICE_INTERFACE && device_interface(device)->mac == NULL)
        return def->interfaces->len == 1 ? 0 : -1;
    for (guint i = 0; i < device_list(device, def)->len; i++)
        if (is_same(device, def, i))
            return (int)i;
    return -1;
}

int device_find(const Device *device, const DomainDef *def, GError **error)
{
    int index = find(device, def);

    if (index >= 0)
        return index;
    if (device->kind == DEVICE_DISK)
        fail(error, VIR_ERR_DEVICE_MISSING, "no target device %s", device_disk(device)->target);
    else if (device->kind == DEVICE_INTERFACE)
        fail(error, VIR_ERR_DEVICE_MISSING, "no device matching MAC address %s found",
             device_interface(device)->mac != NULL ? device_interface(device)->mac : "(none)");
    else
        fail(error, VIR_ERR_DEVICE_MISSING, "matching %s device not found", device->word);
    return -1;
}

gboolean device_check_free(const Device *device, const DomainDef *def, VirErrorCode code,
                           GError **error)
{
    if (device->kind == DEVICE_INTERFACE && device_interface(device)->mac == NULL)
        return TRUE;
    if (device->kind >= DEVICE_MEMORY || find(device, def) < 0)
        return TRUE;
    if (device->kind == DEVICE_DISK)
        return fail(error, code, "target %s already exists", device_disk(device)->target);
    return fail(error, VIR_ERR_INVALID_ARG, "network device with mac %s already exists",
                device_interface(device)->mac);
}

/* ---- changing ---- */

void device_put(Device *device, DomainDef *def, int index)
{
    GPtrArray *from = device_list(device, device->def), *to = device_list(device, def);
    DomainDeviceInfo *info = device_info(device, device->def, 0);
    gpointer own;

    if (index >= 0) {
        DomainDeviceInfo *before = device_info(device, def, index);

        if (info->alias == NULL)
            info->alias = g_steal_pointer(&before->alias);
        if (info->address == NULL)
            info->address = g_steal_pointer(&before->address);
        if (info->boot_order == 0)
            info->boot_order = before->boot_order;
    }
    own = g_ptr_array_steal_index(from, 0);
    if (index < 0 && device->kind == DEVICE_MEMORY) {
        def->memory_kib += ((const DomainMemory *)own)->size_kib;
        def->current_memory_kib += ((const DomainMemory *)own)->size_kib;
    }
    if (index < 0) {
        g_ptr_array_add(to, own);
    } else {
        g_ptr_array_remove_index(to, (guint)index);
        g_ptr_array_insert(to, index, own);
    }
}

void device_remove(const Device *device, DomainDef *def, int index)
{
    GPtrArray *list = device_list(device, def);
    const DomainMemory *memory = list->pdata[index];

    if (device->kind == DEVICE_MEMORY) {
        def->memory_kib -= MIN(memory->size_kib, def->memory_kib);
        def->current_memory_kib -= MIN(memory->size_kib, def->current_memory_kib);
    }
    g_ptr_array_remove_index(list, (guint)index);
}
