/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of a completed definition: what is well-formed but wrong, in libvirt's words where it has
 * some. */
#include "complete.h"

#include <string.h>

static gboolean check_name(const DomainDef *def, GError **error)
{
    const char *name = def->name;

    if (name[strspn(name, " \t\r\n")] == '\0')
        return fail_check(error, SYNTAX, "name must not be empty");
    if (strchr(name, '/') != NULL)
        return fail_check(error, SYNTAX, "name %s cannot contain '/'", name);
    if (strchr(name, '\n') != NULL)
        return fail_check(error, SYNTAX, "name %s cannot contain '\\n'", name);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return fail_check(error, SYNTAX, "name cannot be '%s'", name);
    if (def->title != NULL && strchr(def->title, '\n') != NULL)
        return fail_check(error, SYNTAX, "Domain title can't contain newlines");
    return TRUE;
}

static gboolean check_memory(const DomainDef *def, GError **error)
{
    if (def->memory_kib == 0)
        return fail_check(
            error, SYNTAX,
            "Memory size must be specified via <memory> or in the <numa> configuration");
    if (def->current_memory_kib > def->memory_kib)
        return fail_check(error, SYNTAX,
                          "current memory '%" G_GUINT64_FORMAT
                          "k' exceeds maximum '%" G_GUINT64_FORMAT "k'",
                          def->current_memory_kib, def->memory_kib);
    return TRUE;
}

static gboolean check_vcpus(const DomainDef *def, GError **error)
{
    if (def->vcpus_current > def->vcpus_max)
        return fail_check(error, SYNTAX, "maxvcpus must not be less than current vcpus (%u < %u)",
                          def->vcpus_max, def->vcpus_current);
    if (!check_set(def->vcpu_cpuset, "/domain/vcpu/@cpuset", error))
        return FALSE;
    for (guint i = 0; i < def->vcpu_pins->len; i++) {
        const DomainVcpuPin *pin = g_ptr_array_index(def->vcpu_pins, i);
        if (!check_set(pin->cpuset, "/domain/cputune/vcpupin/@cpuset", error))
            return FALSE;
    }
    const DomainCpu *cpu = def->cpu;
    if (cpu != NULL && cpu->sockets != 0 &&
        (guint64)cpu->sockets * cpu->dies * cpu->cores * cpu->threads < def->vcpus_max)
        return fail_check(error, SYNTAX, "Maximum CPUs greater than topology limit");
    return TRUE;
}

static gboolean check_machine(const DomainDef *def, GError **error)
{
    static const char *const machines[] = { "xenpv", "xenfv", "q35", "xenpvh", NULL };
    static const char *const arches[] = { "x86_64", "i686", NULL };

    /* The others say nothing that the type does not say. */
    if (!g_strv_contains(machines, def->os_machine) ||
        (strcmp(def->os_machine, "q35") == 0 && !domain_is_hvm(def)))
        return fail_check(error, UNSUPPORTED,
                          "could not find capabilities for ostype=%s domaintype=xen machine=%s "
                          "(/domain/os/type/@machine)",
                          def->os_type, def->os_machine);
    if (!g_strv_contains(arches, def->os_arch))
        return fail_check(
            error, UNSUPPORTED,
            "could not find capabilities for arch=%s domaintype=xen (/domain/os/type/@arch)",
            def->os_arch);
    return TRUE;
}

/* ---- devices among each other ---- */

static gboolean check_disk_targets(const DomainDef *def, GError **error)
{
    g_autoptr(GHashTable) targets = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < def->disks->len; i++) {
        const DomainDisk *disk = g_ptr_array_index(def->disks, i);
        const DomainDisk *other = g_hash_table_lookup(targets, disk->target);
        if (other != NULL)
            return fail_check(error, SYNTAX,
                              "target '%s' duplicated for disk sources '%s' and '%s'", disk->target,
                              other->source != NULL ? other->source : "",
                              disk->source != NULL ? disk->source : "");
        g_hash_table_insert(targets, disk->target, (gpointer)disk);
    }
    return TRUE;
}

static gboolean check_drive_addresses(const DomainDef *def, GError **error)
{
    g_autoptr(GHashTable) places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < def->disks->len; i++) {
        const DomainDisk *disk = g_ptr_array_index(def->disks, i);
        const DomainAddress *a = disk->info.address;
        if (a == NULL || a->type != DOMAIN_ADDRESS_DRIVE)
            continue;
        char *place =
            g_strdup_printf("%d/%u/%u/%u/%u", disk->bus, a->controller, a->bus, a->target, a->unit);
        if (!g_hash_table_add(places, place))
            return fail_check(error, SYNTAX,
                              "Found duplicate drive address for disk with target name '%s' "
                              "controller='%u' bus='%u' target='%u' unit='%u'",
                              disk->target, a->controller, a->bus, a->target, a->unit);
    }
    return TRUE;
}

static gboolean check_controllers(const DomainDef *def, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < def->controllers->len; i++) {
        const DomainController *controller = g_ptr_array_index(def->controllers, i);
        /* The companions of one USB 2 controller share its number. */
        if (strcmp(controller->type, "usb") == 0)
            continue;
        if (!g_hash_table_add(seen, g_strdup_printf("%s/%d", controller->type, controller->index)))
            return fail_check(error, SYNTAX, "Multiple '%s' controllers with index '%d'",
                              controller->type, controller->index);
    }
    return TRUE;
}

static gboolean check_order(GHashTable *orders, const DomainDef *def, guint order, GError **error)
{
    if (order == 0)
        return TRUE;
    if (def->boot_devs->len > 0)
        return fail_check(error, UNSUPPORTED,
                          "per-device boot elements cannot be used together with os/boot elements");
    if (!g_hash_table_add(orders, GUINT_TO_POINTER(order)))
        return fail_check(error, SYNTAX, "boot order '%u' used for more than one device", order);
    return TRUE;
}

static gboolean check_boot_orders(const DomainDef *def, GError **error)
{
    g_autoptr(GHashTable) orders = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < def->disks->len; i++)
        if (!check_order(orders, def,
                         ((DomainDisk *)g_ptr_array_index(def->disks, i))->info.boot_order, error))
            return FALSE;
    for (guint i = 0; i < def->interfaces->len; i++)
        if (!check_order(
                orders, def,
                ((DomainInterface *)g_ptr_array_index(def->interfaces, i))->info.boot_order, error))
            return FALSE;
    for (guint i = 0; i < def->redirdevs->len; i++)
        if (!check_order(orders, def,
                         ((DomainRedirdev *)g_ptr_array_index(def->redirdevs, i))->info.boot_order,
                         error))
            return FALSE;
    for (guint i = 0; i < def->hostdevs->len; i++)
        if (!check_order(orders, def,
                         ((DomainHostdev *)g_ptr_array_index(def->hostdevs, i))->info.boot_order,
                         error))
            return FALSE;
    return TRUE;
}

static gboolean check_interfaces(const DomainDef *def, GError **error)
{
    for (guint i = 0; i < def->interfaces->len; i++) {
        const DomainInterface *interface = g_ptr_array_index(def->interfaces, i);
        gboolean has_script_kind = interface->type == DOMAIN_INTERFACE_BRIDGE ||
                                   interface->type == DOMAIN_INTERFACE_ETHERNET;

        if (interface->script != NULL && !has_script_kind)
            return fail_check(
                error, UNSUPPORTED,
                "specifying a script is only supported with interface types bridge and "
                "ethernet (/domain/devices/interface[%u]/script)",
                i + 1);
    }
    return TRUE;
}

gboolean check_definition(const DomainDef *def, GError **error)
{
    static gboolean (*const checks[])(const DomainDef *, GError **) = {
        check_name,         check_memory,          check_vcpus,       check_machine,
        check_disk_targets, check_drive_addresses, check_controllers, check_boot_orders,
        check_interfaces,   check_machine_parts,   check_memory_parts,
    };

    for (guint i = 0; i < G_N_ELEMENTS(checks); i++)
        if (!checks[i](def, error))
            return FALSE;
    return TRUE;
}
