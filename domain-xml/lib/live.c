/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only running domains have. */
#include "live.h"

#include <string.h>

#include "complete.h"
#include "def-classes.h"
#include "domain-xml.h"

/* Where the devices are, and what their aliases are called: libvirt's names for them with QEMU. */
static const struct {
    gsize list; /* in DomainDef */
    gsize info; /* in the device */
    const char *alias;
} device_lists[] = {
    { offsetof(DomainDef, disks), offsetof(DomainDisk, info), "disk" },
    { offsetof(DomainDef, controllers), offsetof(DomainController, info), "controller" },
    { offsetof(DomainDef, interfaces), offsetof(DomainInterface, info), "net" },
    { offsetof(DomainDef, serials), offsetof(DomainChar, info), "serial" },
    { offsetof(DomainDef, parallels), offsetof(DomainChar, info), "parallel" },
    { offsetof(DomainDef, consoles), offsetof(DomainChar, info), "console" },
    { offsetof(DomainDef, channels), offsetof(DomainChar, info), "channel" },
    { offsetof(DomainDef, inputs), offsetof(DomainInput, info), "input" },
    { offsetof(DomainDef, tpms), offsetof(DomainTpm, info), "tpm" },
    { offsetof(DomainDef, sounds), offsetof(DomainSound, info), "sound" },
    { offsetof(DomainDef, videos), offsetof(DomainVideo, info), "video" },
    { offsetof(DomainDef, hostdevs), offsetof(DomainHostdev, info), "hostdev" },
    { offsetof(DomainDef, rngs), offsetof(DomainRng, info), "rng" },
    { offsetof(DomainDef, panics), offsetof(DomainPanic, info), "panic" },
    { offsetof(DomainDef, shmems), offsetof(DomainShmem, info), "shmem" },
    { offsetof(DomainDef, cryptos), offsetof(DomainCrypto, info), "crypto" },
    { offsetof(DomainDef, filesystems), offsetof(DomainFilesystem, info), "fs" },
    { offsetof(DomainDef, redirdevs), offsetof(DomainRedirdev, info), "redir" },
    { offsetof(DomainDef, hubs), offsetof(DomainHub, info), "hub" },
    { offsetof(DomainDef, memories), offsetof(DomainMemory, info), "memory" },
    { offsetof(DomainDef, smartcards), offsetof(DomainSmartcard, info), "smartcard" },
};

static GPtrArray *get_list(DomainDef *def, guint i)
{
    return G_STRUCT_MEMBER(GPtrArray *, def, device_lists[i].list);
}

static DomainDeviceInfo *get_info(GPtrArray *list, guint i, guint n)
{
    return G_STRUCT_MEMBER_P(g_ptr_array_index(list, n), device_lists[i].info);
}

void domain_def_each_device(DomainDef *def, void (*func)(DomainDeviceInfo *info))
{
    for (guint i = 0; i < G_N_ELEMENTS(device_lists); i++) {
        GPtrArray *list = get_list(def, i);
        for (guint n = 0; n < list->len; n++)
            func(get_info(list, i, n));
    }
    if (def->watchdog != NULL)
        func(&def->watchdog->info);
    if (def->memballoon != NULL)
        func(&def->memballoon->info);
    if (def->vsock != NULL)
        func(&def->vsock->info);
    if (def->iommu != NULL)
        func(&def->iommu->info);
}

/* ---- to inactive ---- */

static void clear_alias(DomainDeviceInfo *info)
{
    if (info->alias != NULL && !g_str_has_prefix(info->alias, "ua-"))
        g_clear_pointer(&info->alias, g_free);
}

static void clear_interface(DomainInterface *interface)
{
    /* Names of the kind chosen at start are taken as such, as libvirt's drivers do: interfaces with
     * a filter get the latter. */
    if (interface->target != NULL &&
        (g_str_has_prefix(interface->target, "vif") ||
         (interface->filterref != NULL && g_str_has_prefix(interface->target, "vnet"))))
        g_clear_pointer(&interface->target, g_free);
    if (interface->type == DOMAIN_INTERFACE_NETWORK) {
        g_clear_pointer(&interface->bridge, g_free);
        g_clear_pointer(&interface->port_id, g_free);
        interface->actual_type = 0;
        g_clear_pointer(&interface->function_driver, g_free);
        xml_object_free(&domain_function_class, interface->function);
        interface->function = NULL;
        interface->managed = DOMAIN_ABSENT;
    }
}

static void clear_graphics(DomainGraphics *graphics)
{
    DomainListen *listen =
        graphics->listens->len > 0 ? g_ptr_array_index(graphics->listens, 0) : NULL;

    /* The network's, which may have another one at the next start. */
    if (listen != NULL && listen->type == DOMAIN_LISTEN_NETWORK) {
        g_clear_pointer(&listen->address, g_free);
        g_clear_pointer(&graphics->listen, g_free);
    }
    if (graphics->autoport != DOMAIN_YES)
        return;
    graphics->port = graphics->type == DOMAIN_GRAPHICS_VNC ? -1 : 0;
    graphics->tls_port = 0;
}

/* The folder of sockets that are made for channels: their names are the run's. */
#define CHANNEL_FOLDER "/channel/target/domain-"

static void clear_channel(DomainChar *device)
{
    DomainCharSource *source =
        device->sources->len > 0 ? g_ptr_array_index(device->sources, 0) : NULL;

    if (source != NULL && source->path != NULL && strstr(source->path, CHANNEL_FOLDER) != NULL)
        g_ptr_array_set_size(device->sources, 0);
}

static void clear_char(DomainChar *device)
{
    g_clear_pointer(&device->tty, g_free);
    g_clear_pointer(&device->target_state, g_free);
    if (device->type == DOMAIN_CHAR_UNIX)
        clear_channel(device);
}

/* Calls func for the elements of all lists of DomainChar. */
static void each_char(DomainDef *def, void (*func)(DomainChar *))
{
    GPtrArray *const lists[] = { def->serials, def->parallels, def->consoles, def->channels };

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
        for (guint j = 0; j < lists[i]->len; j++)
            func(g_ptr_array_index(lists[i], j));
}

void domain_def_clear_live(DomainDef *def)
{
    def->id = -1;
    for (guint i = 0; i < def->interfaces->len; i++)
        clear_interface(g_ptr_array_index(def->interfaces, i));
    for (guint i = 0; i < def->graphics->len; i++)
        clear_graphics(g_ptr_array_index(def->graphics, i));
    each_char(def, clear_char);
    if (def->vsock != NULL && def->vsock->auto_cid == DOMAIN_YES)
        def->vsock->cid = 0;
    domain_def_each_device(def, clear_alias);
}

/* ---- to live ---- */

static void set_alias(DomainDeviceInfo *info, const char *name, int number)
{
    if (info->alias == NULL)
        info->alias = g_strdup_printf("%s%d", name, number);
}

/* Of a controller that has a name rather than a number. */
static const char *controller_model(const DomainDef *def, const char *type, guint index)
{
    for (guint i = 0; i < def->controllers->len; i++) {
        const DomainController *controller = g_ptr_array_index(def->controllers, i);
        if (strcmp(controller->type, type) == 0 && controller->index == (int)index)
            return controller->model;
    }
    return NULL;
}

/* libvirt names a disk by where it sits, and where that says nothing by its target. */
static char *disk_alias(const DomainDef *def, const DomainDisk *disk)
{
    static const char *const buses[] = {
        [DOMAIN_DISK_BUS_IDE] = "ide",   [DOMAIN_DISK_BUS_FDC] = "fdc",
        [DOMAIN_DISK_BUS_SCSI] = "scsi", [DOMAIN_DISK_BUS_VIRTIO] = "virtio",
        [DOMAIN_DISK_BUS_XEN] = "xen",   [DOMAIN_DISK_BUS_USB] = "usb",
        [DOMAIN_DISK_BUS_SATA] = "sata",
    };
    const DomainAddress *a = disk->info.address;
    const char *bus = disk->bus > 0 ? buses[disk->bus] : "disk";

    if (a == NULL || a->type != DOMAIN_ADDRESS_DRIVE)
        return g_strdup_printf("%s-disk%d", bus, MAX(disk_target_index(disk->target), 0));
    if (disk->bus == DOMAIN_DISK_BUS_SCSI) {
        const char *model = controller_model(def, "scsi", a->controller);
        if (model != NULL && strcmp(model, "lsilogic") != 0 && strcmp(model, "auto") != 0)
            return g_strdup_printf("scsi%u-%u-%u-%u", a->controller, a->bus, a->target, a->unit);
    }
    return g_strdup_printf("%s%u-%u-%u", bus, a->controller, a->bus, a->unit);
}

/* The board's own have no number. */
static char *controller_alias(const DomainController *controller)
{
    gboolean is_first = controller->index <= 0;

    if (is_first && (strcmp(controller->type, "ide") == 0 || strcmp(controller->type, "usb") == 0))
        return g_strdup(controller->type);
    return g_strdup_printf(strcmp(controller->type, "pci") == 0 ? "%s.%d" : "%s%d",
                           controller->type, MAX(controller->index, 0));
}

/* "dimm0", "virtiomem1": by model, each counted for itself. */
static void set_memory_aliases(GPtrArray *memories)
{
    for (guint i = 0; i < memories->len; i++) {
        DomainMemory *memory = g_ptr_array_index(memories, i);
        g_auto(GStrv) words = g_strsplit(memory->model, "-", -1);
        g_autofree char *name = g_strjoinv(NULL, words);
        int number = 0;

        for (guint n = 0; n < i; n++) {
            const DomainMemory *other = g_ptr_array_index(memories, n);
            number += strcmp(other->model, memory->model) == 0;
        }
        set_alias(&memory->info, name, number);
    }
}

/* An interface that is a device of the host's is counted among those. */
static void set_function_aliases(const DomainDef *def)
{
    int number = 0;

    for (guint i = 0; i < def->interfaces->len; i++) {
        DomainInterface *interface = g_ptr_array_index(def->interfaces, i);
        if (interface->function != NULL)
            set_alias(&interface->info, "hostdev", number++);
    }
    for (guint i = 0; i < def->hostdevs->len; i++) {
        DomainHostdev *hostdev = g_ptr_array_index(def->hostdevs, i);
        set_alias(&hostdev->info, "hostdev", number++);
    }
}

static void set_aliases(DomainDef *def)
{
    set_function_aliases(def);
    set_memory_aliases(def->memories);
    for (guint i = 0; i < def->disks->len; i++) {
        DomainDisk *disk = g_ptr_array_index(def->disks, i);
        if (disk->info.alias == NULL)
            disk->info.alias = disk_alias(def, disk);
    }
    for (guint i = 0; i < def->controllers->len; i++) {
        DomainController *controller = g_ptr_array_index(def->controllers, i);
        if (controller->info.alias == NULL)
            controller->info.alias = controller_alias(controller);
    }
    for (guint i = 0; i < G_N_ELEMENTS(device_lists); i++) {
        GPtrArray *list = get_list(def, i);
        for (guint n = 0; n < list->len; n++)
            set_alias(get_info(list, i, n), device_lists[i].alias, (int)n);
    }
    if (def->watchdog != NULL)
        set_alias(&def->watchdog->info, "watchdog", 0);
    if (def->memballoon != NULL)
        set_alias(&def->memballoon->info, "balloon", 0);
    if (def->vsock != NULL)
        set_alias(&def->vsock->info, "vsock", 0);
    if (def->iommu != NULL)
        set_alias(&def->iommu->info, "iommu", 0);
}

static void set_string(char **field, const char *value)
{
    if (value == NULL)
        return;
    g_free(*field);
    *field = g_strdup(value);
}

static gboolean has_tap(const DomainInterface *interface)
{
    return interface->type == DOMAIN_INTERFACE_BRIDGE ||
           (interface->type == DOMAIN_INTERFACE_NETWORK && interface->function == NULL) ||
           interface->type == DOMAIN_INTERFACE_ETHERNET ||
           interface->type == DOMAIN_INTERFACE_DIRECT;
}

/* What a list has at a place; NULL: nothing. */
static const char *text_at(const char *const *list, guint i)
{
    if (list == NULL || i >= g_strv_length((char **)list) || *list[i] == '\0')
        return NULL;
    return list[i];
}

static void set_interfaces(DomainDef *def, const DomainLive *live)
{
    for (guint i = 0; i < def->interfaces->len; i++) {
        DomainInterface *interface = g_ptr_array_index(def->interfaces, i);
        const char *name = text_at(live->ifnames, i);
        if (name != NULL)
            set_string(&interface->target, name);
        else if (interface->target == NULL && has_tap(interface))
            interface->target = g_strdup_printf("vif%d.%u", live->domid, i);
    }
}

/* The first console is the first serial port, wherever that is. */
static guint console_place(const DomainDef *def, const DomainChar *console)
{
    if (console->target_port <= 0 && def->serials->len > 0)
        return domain_serial_place(def->serials, g_ptr_array_index(def->serials, 0));
    return (guint)MAX(console->target_port, 0);
}

static void set_chars(DomainDef *def, const DomainLive *live)
{
    for (guint i = 0; i < def->serials->len; i++) {
        DomainChar *serial = g_ptr_array_index(def->serials, i);
        if (serial->type == DOMAIN_CHAR_PTY)
            set_string(&serial->tty, text_at(live->serial_ttys,
                                             domain_serial_place(def->serials, serial)));
    }
    for (guint i = 0; i < def->consoles->len; i++) {
        DomainChar *console = g_ptr_array_index(def->consoles, i);
        if (console->type != DOMAIN_CHAR_PTY)
            continue;
        if (console->target_type == DOMAIN_CHAR_TARGET_SERIAL)
            set_string(&console->tty, text_at(live->serial_ttys, console_place(def, console)));
        else if (console->target_type == DOMAIN_CHAR_TARGET_XEN)
            set_string(&console->tty, text_at(live->console_ttys, i));
    }
}

static void set_path(DomainChar *device, const char *path)
{
    DomainCharSource *source;

    if (path == NULL || device->type != DOMAIN_CHAR_UNIX)
        return;
    if (device->sources->len == 0) {
        source = xml_object_new(&domain_char_source_class);
        source->mode = g_strdup("bind");
        g_ptr_array_add(device->sources, source);
    }
    source = g_ptr_array_index(device->sources, 0);
    set_string(&source->path, path);
}

/* The devices that are virtio-serial ports, in the order that map-char.c gives them. */
static void set_port(DomainChar *device, const DomainLive *live, guint *number)
{
    if (device->type == DOMAIN_CHAR_PTY)
        set_string(&device->tty, text_at(live->port_ttys, *number));
    set_path(device, text_at(live->port_paths, *number));
    if (device->target_type == DOMAIN_CHAR_TARGET_VIRTIO && device->target_name != NULL &&
        device->target_state == NULL)
        device->target_state = g_strdup("disconnected");
    (*number)++;
}

static void set_ports(DomainDef *def, const DomainLive *live)
{
    static const DomainCharTargetType order[] = { DOMAIN_CHAR_TARGET_VIRTIO,
                                                  DOMAIN_CHAR_TARGET_XEN };
    guint number = 0;

    for (guint i = 0; i < def->consoles->len; i++) {
        DomainChar *console = g_ptr_array_index(def->consoles, i);
        if (console->target_type == DOMAIN_CHAR_TARGET_VIRTIO)
            set_port(console, live, &number);
    }
    for (guint n = 0; n < G_N_ELEMENTS(order); n++) {
        for (guint i = 0; i < def->channels->len; i++) {
            DomainChar *channel = g_ptr_array_index(def->channels, i);
            if (channel->target_type == (int)order[n])
                set_port(channel, live, &number);
        }
    }
    for (guint i = 0; i < def->parallels->len; i++) {
        DomainChar *parallel = g_ptr_array_index(def->parallels, i);
        if (parallel->type == DOMAIN_CHAR_PTY)
            set_string(&parallel->tty, text_at(live->parallel_ttys, i));
    }
}

static void set_vnc(DomainGraphics *graphics, const DomainLive *live)
{
    DomainListen *listen =
        graphics->listens->len > 0 ? g_ptr_array_index(graphics->listens, 0) : NULL;

    if (graphics->autoport == DOMAIN_ABSENT) { /* on a socket, or nowhere */
        if (listen != NULL && listen->type == DOMAIN_LISTEN_SOCKET) {
            set_string(&graphics->socket, live->vnc_socket);
            set_string(&listen->socket, live->vnc_socket);
        }
        return;
    }
    if (live->vnc_port == 0)
        return;
    graphics->port = (int)live->vnc_port;
    if (graphics->websocket != 0 && live->vnc_websocket != 0)
        graphics->websocket = (int)live->vnc_websocket;
    set_string(&graphics->listen, live->vnc_address);
    if (listen != NULL)
        set_string(&listen->address, live->vnc_address);
}

static void set_graphics(DomainDef *def, const DomainLive *live)
{
    gboolean vnc_done = FALSE;

    for (guint i = 0; i < def->graphics->len; i++) {
        DomainGraphics *graphics = g_ptr_array_index(def->graphics, i);
        if (graphics->type == DOMAIN_GRAPHICS_VNC && !vnc_done) {
            set_vnc(graphics, live);
            vnc_done = TRUE;
        }
        if (graphics->type == DOMAIN_GRAPHICS_SPICE && graphics->autoport != DOMAIN_ABSENT) {
            graphics->port = (int)live->spice_port;
            graphics->tls_port = (int)live->spice_tls_port;
        }
    }
}

static gboolean has_actual(const DomainInterface *interface)
{
    return interface->type == DOMAIN_INTERFACE_NETWORK && interface->actual_type != 0;
}

gboolean domain_def_has_actual(const DomainDef *def)
{
    for (guint i = 0; i < def->interfaces->len; i++)
        if (has_actual(g_ptr_array_index(def->interfaces, i)))
            return TRUE;
    return FALSE;
}

static void show_actual(DomainInterface *interface)
{
    if (!has_actual(interface))
        return;
    interface->type = interface->actual_type;
    if (interface->type != DOMAIN_INTERFACE_HOSTDEV)
        return;
    g_free(interface->driver_name);
    interface->driver_name = g_steal_pointer(&interface->function_driver);
    g_clear_pointer(&interface->network, g_free);
    g_clear_pointer(&interface->portgroup, g_free);
    g_clear_pointer(&interface->port_id, g_free);
}

void domain_def_show_actual(DomainDef *def)
{
    for (guint i = 0; i < def->interfaces->len; i++)
        show_actual(g_ptr_array_index(def->interfaces, i));
}

void domain_def_set_live(DomainDef *def, const DomainLive *live)
{
    def->id = live->domid;
    set_interfaces(def, live);
    set_chars(def, live);
    set_ports(def, live);
    set_graphics(def, live);
    if (def->vsock != NULL && live->vsock_cid != 0)
        def->vsock->cid = live->vsock_cid;
    set_aliases(def);
}
