/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nic-function.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "field.h"
#include "file.h"
#include "host-device.h"

#define COMMAND_TIMEOUT_MS 30000

/* Many drivers refuse to give a function the address of zeros that it had before anybody gave it
 * one: an address of nobody's (IEEE 802c: locally administered) takes its place. */
#define NO_MAC      "00:00:00:00:00:00"
#define NOBODYS_MAC "02:00:00:00:00:00"

/* A function, by its card's interface and its number there, and what the card has set for it. */
typedef struct {
    char *card;
    guint number;
    char *mac;
    guint vlan;
    gboolean taken; /* from a driver of the host's */
} Before;

static const KxlField before_rows[] = {
    KXL_ROW("card", STRING, Before, card), KXL_ROW("number", UINT, Before, number),
    KXL_ROW("mac", STRING, Before, mac),   KXL_ROW("vlan", UINT, Before, vlan),
    KXL_ROW("taken", BOOL, Before, taken),
};
static const KxlType before_type = { .size = sizeof(Before),
                                     .fields = before_rows,
                                     .nr_fields = G_N_ELEMENTS(before_rows) };

static void before_clear(Before *before)
{
    kxl_type_clear(&before_type, before);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Before, before_clear)

/* --- where it is: Linux Documentation/ABI/testing/sysfs-bus-pci ------------------------------- */

/* A card has links virtfn0, virtfn1 ... to its functions. */
static gboolean find_number(const char *card_path, const char *function, guint *ret_number)
{
    for (guint i = 0;; i++) {
        g_autofree char *file = g_strdup_printf("virtfn%u", i);
        g_autofree char *path = g_build_filename(card_path, file, NULL);
        g_autofree char *name = kxl_file_link_name(path);

        if (!name)
            return FALSE;
        if (g_str_equal(name, function)) {
            *ret_number = i;
            return TRUE;
        }
    }
}

static char *first_interface(const char *card_path)
{
    g_autofree char *path = g_build_filename(card_path, "net", NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);

    return dir ? g_strdup(g_dir_read_name(dir)) : NULL;
}

static gboolean find_card(const char *sysfs, const KxlDeviceNic *nic, Before *before,
                          GError **error)
{
    g_autofree char *name = kxl_pci_name(&nic->pci);
    g_autofree char *card_path = kxl_host_pci_file(sysfs, &nic->pci, "physfn");
    g_autofree char *card = kxl_file_link_name(card_path);

    if (!card || !find_number(card_path, name, &before->number)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                    "pci '%s' is not supported as a network interface: it is no virtual function "
                    "of a card (SR-IOV)",
                    name);
        return FALSE;
    }
    before->card = first_interface(card_path);
    if (before->card)
        return TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_STATE,
                "pci '%s': its card '%s' has no network interface on the host to set its MAC "
                "address by",
                name, card);
    return FALSE;
}

/* --- its IOMMU group -------------------------------------------------------------------------- */

/* What VFIO lets be in a group that a guest has a device of (Linux,
 * Documentation/driver-api/vfio). */
static const char *const harmless_drivers[] = { KXL_VFIO_DRIVER, "pci-stub", "pcieport", NULL };

static gboolean check_group(const char *sysfs, const KxlDevicePci *pci, const GPtrArray *others,
                            GError **error)
{
    g_autofree char *name = kxl_pci_name(pci);
    g_autofree char *link = kxl_host_pci_file(sysfs, pci, "iommu_group");
    g_autofree char *group = kxl_file_link_name(link);
    g_autofree char *path = g_build_filename(link, "devices", NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *other, *rest;

    while (dir && (other = g_dir_read_name(dir))) {
        KxlDevicePci member = { 0 };
        g_autofree char *driver = NULL;

        if (!kxl_pci_parse(other, &member, &rest) || kxl_pci_equal(&member, pci))
            continue;
        driver = kxl_host_pci_driver(sysfs, &member);
        if (!driver || g_strv_contains(harmless_drivers, driver) ||
            kxl_host_pci_is_listed(others, &member))
            continue;
        g_set_error(error, KXL_ERROR, KXL_ERROR_IN_USE,
                    "pci '%s': the host's driver '%s' has '%s', which is in the same IOMMU group "
                    "%s: a guest gets all of it or nothing",
                    name, driver, other, group);
        return FALSE;
    }
    return TRUE;
}

gboolean kxl_nic_function_check(const char *sysfs, const KxlDeviceNic *nic, const GPtrArray *others,
                                GError **error)
{
    g_auto(Before) found = { 0 };

    return kxl_host_pci_check(sysfs, &nic->pci, error) && find_card(sysfs, nic, &found, error) &&
           check_group(sysfs, &nic->pci, others, error);
}

/* --- what the card has set for it: ip-link(8) ------------------------------------------------- */

static JsonObject *object_at(JsonArray *array, guint i)
{
    JsonNode *node =
        array && i < json_array_get_length(array) ? json_array_get_element(array, i) : NULL;

    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static JsonArray *array_member(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static guint vlan_of(JsonObject *object)
{
    return object ? (guint)json_object_get_int_member_with_default(object, "vlan", 0) : 0;
}

/* Of the interface's list, the function of that number. Older versions say "mac" for "address"; a
 * card that stacks tags has a list of them. */
static gboolean read_entry(JsonObject *entry, Before *before)
{
    const char *mac = json_object_get_string_member_with_default(entry, "address", NULL);

    if (json_object_get_int_member_with_default(entry, "vf", -1) != (gint64)before->number)
        return FALSE;
    if (!mac)
        mac = json_object_get_string_member_with_default(entry, "mac", NULL);
    if (!mac)
        return FALSE;
    before->mac = g_strdup(mac);
    before->vlan = MAX(vlan_of(entry), vlan_of(object_at(array_member(entry, "vlan_list"), 0)));
    return TRUE;
}

/* FALSE: it is not listed. */
static gboolean find_settings(JsonArray *links, Before *before)
{
    JsonArray *list = array_member(object_at(links, 0), "vfinfo_list");

    for (guint i = 0; list && i < json_array_get_length(list); i++) {
        JsonObject *entry = object_at(list, i);

        if (entry && read_entry(entry, before))
            return TRUE;
    }
    return FALSE;
}

/* The kernel's list of functions is an attribute of netlink's, whose length has 16 bits: of a card
 * with more than about 200 it is cut short (ip(8): "Truncated VF list"). The address is known to
 * the function's own interface, as long as the host's driver has it; a tag is to nobody. */
static void read_own_address(const char *sysfs, const KxlDevicePci *pci, Before *before)
{
    g_autofree char *function = kxl_host_pci_file(sysfs, pci, NULL);
    g_autofree char *interface = first_interface(function);
    g_autofree char *path =
        interface ? g_build_filename(function, "net", interface, "address", NULL) : NULL;
    g_autofree char *address = path ? kxl_file_read(path, NULL) : NULL;

    before->mac = address ? g_strdup(g_strstrip(address)) : g_strdup(NO_MAC);
    before->vlan = 0;
    g_warning("'ip link show dev %s' does not list function %u: it will be given back with address "
              "%s and no VLAN",
              before->card, before->number, before->mac);
}

static gboolean read_settings(const char *sysfs, const KxlDevicePci *pci, Before *before,
                              GError **error)
{
    const char *const argv[] = { "ip", "-json", "link", "show", "dev", before->card, NULL };
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autofree char *output = NULL;
    JsonNode *root;

    if (!kxl_command_run(argv, NULL, COMMAND_TIMEOUT_MS, &output, error))
        return FALSE;
    root =
        json_parser_load_from_data(parser, output, -1, NULL) ? json_parser_get_root(parser) : NULL;
    if (!root || !JSON_NODE_HOLDS_ARRAY(root)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED,
                    "'ip -json link show dev %s' printed no JSON", before->card);
        return FALSE;
    }
    if (!find_settings(json_node_get_array(root), before))
        read_own_address(sysfs, pci, before);
    return TRUE;
}

static gboolean set_settings(const Before *before, const char *mac, guint vlan, GError **error)
{
    g_autofree char *number = g_strdup_printf("%u", before->number);
    g_autofree char *tag = g_strdup_printf("%u", vlan);
    const char *const argv[] = { "ip",   "link", "set", "dev",  before->card, "vf",
                                 number, "mac",  mac,   "vlan", tag,          NULL };

    return kxl_command_run(argv, NULL, COMMAND_TIMEOUT_MS, NULL, error);
}

/* --- to the guest and back -------------------------------------------------------------------- */

static gboolean write_before(const char *path, const Before *before, GError **error)
{
    g_autofree char *text = kxl_type_to_text(&before_type, before);

    return kxl_file_write(path, text, error);
}

/* The card is told after the host's driver has let go, as some reset the function for it. */
gboolean kxl_nic_function_take(const char *sysfs, const KxlDeviceNic *nic, const char *path,
                               GError **error)
{
    g_autofree char *name = kxl_pci_name(&nic->pci);
    g_auto(Before) before = { .taken = kxl_host_pci_is_to_take(sysfs, &nic->pci) };

    if (!find_card(sysfs, nic, &before, error))
        return FALSE;
    if (read_settings(sysfs, &nic->pci, &before, error) && write_before(path, &before, error) &&
        (!before.taken || kxl_host_pci_take(sysfs, &nic->pci, error)) &&
        set_settings(&before, nic->mac, nic->vlan, error))
        return TRUE;
    g_prefix_error(error, "pci '%s': ", name);
    return FALSE;
}

static gboolean restore(const Before *before, GError **error)
{
    gboolean none = g_str_equal(before->mac, NO_MAC);

    return set_settings(before, before->mac, before->vlan, none ? NULL : error) ||
           (none && set_settings(before, NOBODYS_MAC, before->vlan, error));
}

static void warn(const KxlDeviceNic *nic, GError **error)
{
    g_autofree char *name = kxl_pci_name(&nic->pci);

    g_warning("pci '%s' is not as it was before: %s", name, (*error)->message);
    g_clear_error(error);
}

/* Its driver, when it gets it back, asks the card for the address. */
void kxl_nic_function_return(const char *sysfs, const KxlDeviceNic *nic, const char *path)
{
    g_autofree char *text = kxl_file_read(path, NULL), *driver = NULL;
    g_autoptr(GError) error = NULL;
    Before *before = text ? kxl_type_from_text(&before_type, text, path, &error) : NULL;

    if (!text)
        return;
    if (!before || !before->card || !before->mac) {
        g_warning("'%s' is not whole; ignoring", path);
    } else {
        if (!restore(before, &error))
            warn(nic, &error);
        driver = kxl_host_pci_driver(sysfs, &nic->pci);
        if (before->taken && (!driver || g_str_equal(driver, KXL_VFIO_DRIVER)) &&
            !kxl_host_pci_return(sysfs, &nic->pci, &error))
            warn(nic, &error);
    }
    kxl_type_free(&before_type, before);
    remove(path);
}
