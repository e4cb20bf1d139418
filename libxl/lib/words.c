/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "words.h"

#include "kxl.h"

#define WORDS(array)                                                                               \
    {                                                                                              \
        array, G_N_ELEMENTS(array)                                                                 \
    }

static const char *const type_words[KXL_TYPE_COUNT] = {
    [KXL_TYPE_PV] = "pv",
    [KXL_TYPE_HVM] = "hvm",
    [KXL_TYPE_PVH] = "pvh",
};

static const char *const action_words[KXL_ACTION_COUNT] = {
    [KXL_ACTION_DESTROY] = "destroy",
    [KXL_ACTION_RESTART] = "restart",
    [KXL_ACTION_RENAME_RESTART] = "rename-restart",
    [KXL_ACTION_PRESERVE] = "preserve",
    [KXL_ACTION_COREDUMP_DESTROY] = "coredump-destroy",
    [KXL_ACTION_COREDUMP_RESTART] = "coredump-restart",
    [KXL_ACTION_SOFT_RESET] = "soft-reset",
};

static const char *const firmware_words[KXL_FIRMWARE_COUNT] = {
    [KXL_FIRMWARE_SEABIOS] = "seabios",
    [KXL_FIRMWARE_OVMF] = "ovmf",
};

static const char *const disk_format_words[KXL_DISK_FORMAT_COUNT] = {
    [KXL_DISK_RAW] = "raw", [KXL_DISK_QCOW] = "qcow",   [KXL_DISK_QCOW2] = "qcow2",
    [KXL_DISK_QED] = "qed", [KXL_DISK_VHD] = "vhd",     [KXL_DISK_VMDK] = "vmdk",
    [KXL_DISK_VDI] = "vdi", [KXL_DISK_EMPTY] = "empty",
};

static const char *const disk_cache_words[KXL_CACHE_COUNT] = {
    [KXL_CACHE_DEFAULT] = "default",           [KXL_CACHE_NONE] = "none",
    [KXL_CACHE_WRITETHROUGH] = "writethrough", [KXL_CACHE_WRITEBACK] = "writeback",
    [KXL_CACHE_DIRECTSYNC] = "directsync",     [KXL_CACHE_UNSAFE] = "unsafe",
};

static const char *const address_kind_words[KXL_ADDRESS_KIND_COUNT] = {
    [KXL_ADDRESS_NONE] = "none",
    [KXL_ADDRESS_PCI] = "pci",
    [KXL_ADDRESS_DRIVE] = "drive",
    [KXL_ADDRESS_USB] = "usb",
};

static const char *const nic_kind_words[KXL_NIC_KIND_COUNT] = {
    [KXL_NIC_BRIDGE] = "bridge",
    [KXL_NIC_USER] = "user",
    [KXL_NIC_NONE] = "none",
    [KXL_NIC_TAP] = "tap",
    [KXL_NIC_DIRECT] = "direct",
    [KXL_NIC_UDP] = "udp",
    [KXL_NIC_MCAST] = "mcast",
    [KXL_NIC_SERVER] = "server",
    [KXL_NIC_CLIENT] = "client",
    [KXL_NIC_UNPLUGGED] = "unplugged",
    [KXL_NIC_VHOST_USER] = "vhost-user",
    [KXL_NIC_FUNCTION] = "function",
};

static const char *const state_words[KXL_STATE_COUNT] = {
    [KXL_STATE_UNKNOWN] = "unknown", [KXL_STATE_STARTING] = "starting",
    [KXL_STATE_RUNNING] = "running", [KXL_STATE_BLOCKED] = "blocked",
    [KXL_STATE_PAUSED] = "paused",   [KXL_STATE_SHUTDOWN] = "shutdown",
    [KXL_STATE_CRASHED] = "crashed", [KXL_STATE_DYING] = "dying",
};

const KxlWords kxl_words_type = WORDS(type_words);
const KxlWords kxl_words_action = WORDS(action_words);
const KxlWords kxl_words_firmware = WORDS(firmware_words);
const KxlWords kxl_words_disk_format = WORDS(disk_format_words);
const KxlWords kxl_words_disk_cache = WORDS(disk_cache_words);
const KxlWords kxl_words_address_kind = WORDS(address_kind_words);
const KxlWords kxl_words_nic_kind = WORDS(nic_kind_words);
const KxlWords kxl_words_state = WORDS(state_words);

const char *kxl_words_to_string(const KxlWords *words, int value)
{
    return value >= 0 && value < words->count ? words->words[value] : NULL;
}

int kxl_words_from_string(const KxlWords *words, const char *text)
{
    for (int i = 0; text && i < words->count; i++)
        if (g_str_equal(words->words[i], text))
            return i;
    return -1;
}

const char *kxl_action_to_string(KxlAction action)
{
    return kxl_words_to_string(&kxl_words_action, (int)action);
}

int kxl_action_from_string(const char *text)
{
    return kxl_words_from_string(&kxl_words_action, text);
}

const char *kxl_domain_type_to_string(KxlDomainType type)
{
    return kxl_words_to_string(&kxl_words_type, (int)type);
}

int kxl_domain_type_from_string(const char *text)
{
    return kxl_words_from_string(&kxl_words_type, text);
}

const char *kxl_disk_format_to_string(KxlDiskFormat format)
{
    return kxl_words_to_string(&kxl_words_disk_format, (int)format);
}

int kxl_disk_format_from_string(const char *text)
{
    return kxl_words_from_string(&kxl_words_disk_format, text);
}

const char *kxl_disk_cache_to_string(KxlDiskCache cache)
{
    return kxl_words_to_string(&kxl_words_disk_cache, (int)cache);
}

int kxl_disk_cache_from_string(const char *text)
{
    return kxl_words_from_string(&kxl_words_disk_cache, text);
}

/* --- options in QEMU's way -------------------------------------------------------------------- */

char **kxl_options_split(const char *text)
{
    GPtrArray *parts = g_ptr_array_new();
    GString *part = g_string_new(NULL);

    for (; *text; text++) {
        if (*text != ',') {
            g_string_append_c(part, *text);
        } else if (text[1] == ',') {
            g_string_append_c(part, *text++);
        } else {
            g_ptr_array_add(parts, g_string_free(part, FALSE));
            part = g_string_new(NULL);
        }
    }
    g_ptr_array_add(parts, g_string_free(part, FALSE));
    g_ptr_array_add(parts, NULL);
    return (char **)g_ptr_array_free(parts, FALSE);
}

char *kxl_options_quote(const char *part)
{
    GString *quoted = g_string_new(part);

    g_string_replace(quoted, ",", ",,", 0);
    return g_string_free(quoted, FALSE);
}
