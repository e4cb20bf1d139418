/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is written is read back, as xl's or xm's file, and must say all that the domain's definition
 * says. What it need not say is listed here: what means the same in other words, what has no effect
 * on such a guest, what libvirt's own converter leaves out of every file.
 */
#include "native-loss.h"

#include <string.h>

#include "complete.h"
#include "def-classes.h"
#include "xml-value.h"

#define KIB_PER_MIB 1024

typedef struct {
    const DomainDef *def, *back; /* as it was, as it was read back */
    KxlDomainConfig *config, *back_config;
} Comparison;

/* A row that says something in object, and nothing or something else in other, which may be NULL.
 */
typedef struct {
    const Comparison *in;
    const char *path;
    const XmlRow *row;
    gconstpointer object, other;
} Loss;

enum { FOR_PV = 1 << KXL_TYPE_PV, FOR_HVM = 1 << KXL_TYPE_HVM, FOR_PVH = 1 << KXL_TYPE_PVH };

/* ---- the same in other words ---- */

static gboolean same_affinity(const Loss *loss)
{
    return g_strcmp0(loss->in->config->cpus, loss->in->back_config->cpus) == 0;
}

static gboolean same_firmware(const Loss *loss)
{
    const KxlDomainConfig *config = loss->in->config, *back = loss->in->back_config;

    return config->firmware == back->firmware &&
           g_strcmp0(config->firmware_path, back->firmware_path) == 0;
}

/* Read back, an HVM guest's clock is a variable one that begins at UTC or local time. */
static gboolean same_clock(const Loss *loss)
{
    return loss->in->def->clock < DOMAIN_CLOCK_VARIABLE &&
           loss->in->config->localtime == loss->in->back_config->localtime;
}

static gboolean same_passthrough(const Loss *loss)
{
    return loss->in->def->features.passthrough == DOMAIN_NO &&
           loss->in->back->features.passthrough == DOMAIN_ABSENT;
}

static gboolean same_strings(char **strings, char **others)
{
    return strings != NULL && others != NULL &&
           g_strv_equal((const char *const *)strings, (const char *const *)others);
}

static gboolean same_arguments(const Loss *loss)
{
    return same_strings(loss->in->config->device_model_args,
                        loss->in->back_config->device_model_args);
}

/* xl's flags are on or off, whoever asks for it. */
static gboolean same_flags(const Loss *loss)
{
    const KxlDomainConfig *config = loss->in->config, *back = loss->in->back_config;

    return g_strcmp0(config->cpuid, back->cpuid) == 0 && config->nested_hvm == back->nested_hvm;
}

/* Words, whatever is between them. */
static gboolean same_bootloader_args(const Loss *loss)
{
    return same_strings(loss->in->config->bootloader_args, loss->in->back_config->bootloader_args);
}

static gboolean is_read_only(const Loss *loss)
{
    return ((const DomainDisk *)loss->object)->readonly;
}

/* Names of one format. */
static gboolean same_format(const Loss *loss)
{
    static const char *const pairs[][2] = { { "vpc", "vhd" }, { "aio", "raw" } };
    const DomainDisk *disk = loss->object, *other = loss->other;

    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++)
        if (strcmp(disk->driver_type, pairs[i][0]) == 0)
            return g_strcmp0(other->driver_type, pairs[i][1]) == 0;
    return FALSE;
}

/* A URI's path begins with a '/' in any case. */
static gboolean same_but_slash(const Loss *loss)
{
    const DomainDisk *disk = loss->object, *other = loss->other;

    return disk->source_name[0] == '/' && g_strcmp0(disk->source_name + 1, other->source_name) == 0;
}

/* A network card's function is in pci= like any other device: neither format has a word for its MAC
 * address. What else it says of itself would be lost. */
static gboolean is_plain_function(const Loss *loss)
{
    const DomainInterface *interface = loss->object;

    return interface->type == DOMAIN_INTERFACE_HOSTDEV && interface->vlan_tags->len == 0 &&
           interface->info.boot_order == 0 && interface->info.address == NULL &&
           interface->rom_file == NULL && interface->rom_bar == DOMAIN_ABSENT &&
           interface->rom_enabled == DOMAIN_ABSENT;
}

/* ---- what need not be said ---- */

/* What PCI buses a machine that a file describes has. */
static gboolean is_board(const Loss *loss)
{
    const DomainController *controller = loss->object;

    return strcmp(controller->type, "pci") == 0 && g_strcmp0(controller->model, "pci-root") == 0;
}

/* A path stands for all below it; one that ends in "[]" for elements of that list alone that are
 * missing. */
static const struct {
    const char *path;
    guint kinds;       /* of guests; 0: all */
    const char *value; /* only this one; NULL: any */
    gboolean (*when)(const Loss *loss);
} forgiven[] = {
    /* For people and tools; libvirt's own converter leaves it out too. */
    { "/domain/title" },
    { "/domain/description" },
    { "/domain/metadata" },

    /* The same in other words. */
    { "/domain/vcpu/@cpuset", .when = same_affinity },
    { "/domain/cputune/vcpupin", .when = same_affinity },
    { "/domain/bootloader_args", .when = same_bootloader_args },
    { "/domain/os/@firmware", .when = same_firmware },
    { "/domain/os/loader", .when = same_firmware },
    { "/domain/os/loader/@readonly", .when = same_firmware },
    { "/domain/os/loader/@type", .when = same_firmware },
    { "/domain/cpu/feature", FOR_HVM, .when = same_flags },
    { "/domain/clock/@offset", FOR_HVM, .when = same_clock },
    { "/domain/features/xen/passthrough", .when = same_passthrough },
    { "/domain/devices/disk/driver/@type", .when = same_format },
    { "/domain/devices/disk/driver/@discard", .when = is_read_only },
    { "/domain/devices/disk/source/@name", .when = same_but_slash },
    { "/domain/devices/interface[]", .when = is_plain_function },
    { "/domain/qemu:commandline/qemu:arg", .when = same_arguments },

    /* What is so anyway. */
    { "/domain/os/loader/@secure", .value = "no" },
    { "/domain/os/nvram/@type", .value = "file" },
    { "/domain/os/smbios/@mode", .value = "emulate" },
    { "/domain/os/bootmenu/@enable", .value = "no" },
    { "/domain/features/hap/@state", .value = "on" },
    { "/domain/features/xen/e820_host/@state", .value = "off" },
    { "/domain/cpu/@migratable", .value = "on" },
    { "/domain/devices/disk/driver/@cache", .value = "default" },
    { "/domain/devices/disk/driver/@discard", .value = "default" },
    { "/domain/devices/interface/link/@state", .value = "up" },
    { "/domain/devices/graphics/clipboard/@copypaste", .value = "no" }, /* without an agent */
    { "/domain/devices/video/model/@ram", .value = "65536" },
    { "/domain/devices/controller[]", .when = is_board },

    /* Back ends have no effect here, and a CPU that is the host's is not compared with it. */
    { "/domain/devices/disk/driver/@name" },
    { "/domain/cpu/@check" },

    /* What the machines of PV and PVH guests have none of, or have in any case. */
    { "/domain/os/boot", FOR_PV | FOR_PVH },
    { "/domain/os/type/@machine", FOR_PVH },
    { "/domain/features/acpi", FOR_PV | FOR_PVH },
    { "/domain/features/apic", FOR_PV | FOR_PVH },
    { "/domain/features/pae", FOR_PV | FOR_PVH },
    { "/domain/features/hap", FOR_PV },
    { "/domain/features/viridian", FOR_PV | FOR_PVH },
    { "/domain/features/xen/e820_host", FOR_PVH },
    { "/domain/devices/emulator", FOR_PV | FOR_PVH },
    { "/domain/devices/serial", FOR_PV | FOR_PVH },
    { "/domain/devices/input", FOR_PV | FOR_PVH },
};

/* Whether pattern is path or above it, but for the numbers of elements. */
static gboolean is_at_or_above(const char *pattern, const char *path)
{
    while (*pattern != '\0') {
        if (strcmp(pattern, "[]") == 0)
            return *path == '[' && path[strcspn(path, "]") + 1] == '\0';
        if (*path == '[') {
            path += strcspn(path, "]");
            path += *path == ']';
        }
        if (*path++ != *pattern++)
            return FALSE;
    }
    return *path == '\0' || *path == '/' || *path == '[';
}

static gboolean has_value(const XmlRow *row, gconstpointer object, const char *value)
{
    g_autoptr(GString) text = g_string_new(NULL);

    xml_value_append(row, object, FALSE, text);
    return strcmp(text->str, value) == 0;
}

static gboolean is_listed(const Loss *loss)
{
    guint kind = 1u << loss->in->config->type;

    for (guint i = 0; i < G_N_ELEMENTS(forgiven); i++)
        if (is_at_or_above(forgiven[i].path, loss->path) &&
            (forgiven[i].kinds == 0 || (forgiven[i].kinds & kind)) &&
            (forgiven[i].value == NULL || has_value(loss->row, loss->object, forgiven[i].value)) &&
            (forgiven[i].when == NULL || forgiven[i].when(loss)))
            return TRUE;
    return FALSE;
}

static guint64 field_mib(const XmlRow *row, gconstpointer object)
{
    return (XML_CONST_FIELD(row, object, guint64) + KIB_PER_MIB - 1) / KIB_PER_MIB;
}

/* Xen counts memory in MiB. */
static gboolean same_mib(const Loss *loss)
{
    return loss->row->kind == XML_KIB && loss->other != NULL &&
           field_mib(loss->row, loss->object) == field_mib(loss->row, loss->other);
}

/* Names are the host's, and what is only kept has no effect. */
static gboolean has_no_effect(const Loss *loss)
{
    guint flags = XML_LIVE | XML_KEPT | XML_ALIAS;

    if (loss->in->config->type != KXL_TYPE_HVM)
        flags |= XML_HVM;
    return (loss->row->flags & flags) != 0;
}

static gboolean forgives(const char *path, const XmlRow *row, gconstpointer object,
                         gconstpointer other, gconstpointer data)
{
    const Loss loss = { data, path, row, object, other };

    return has_no_effect(&loss) || same_mib(&loss) || is_listed(&loss);
}

/* What a controller was added for is named before the controller. */
static gboolean forgives_controllers(const char *path, const XmlRow *row, gconstpointer object,
                                     gconstpointer other, gconstpointer data)
{
    return is_at_or_above("/domain/devices/controller", path) ||
           forgives(path, row, object, other, data);
}

static gboolean compare(const Comparison *comparison, GError **error)
{
    const XmlForgiving passes[] = { { forgives_controllers, comparison },
                                    { forgives, comparison } };

    for (guint i = 0; i < G_N_ELEMENTS(passes); i++) {
        g_autofree char *loss = xml_object_find_loss(&domain_def_class, comparison->def,
                                                     comparison->back, "/domain", &passes[i]);
        if (loss != NULL)
            return fail_check(error, UNSUPPORTED,
                              "a configuration file of Xen's cannot say it (%s)", loss);
    }
    return TRUE;
}

/* Of a domain that has all it needs. */
static void no_random(guint8 *buf, gsize len)
{
    memset(buf, 0, len);
}

gboolean native_check_loss(const DomainDef *def, const char *format, const char *text,
                           GError **error)
{
    const DomainXmlCaps caps = { .emulator = def->emulator,
                                 .loader = def->os_firmware == NULL ? def->loader : NULL,
                                 .allow_arguments = TRUE,
                                 .for_conversion = TRUE };
    g_autoptr(GError) why = NULL;
    g_autoptr(DomainDef) back = domain_def_from_native(format, text, &caps, no_random, &why);

    if (back == NULL)
        return fail_check(error, UNSUPPORTED, "a configuration file of Xen's cannot say it: %s",
                          why->message);
    g_autoptr(KxlDomainConfig) config = domain_def_to_config(def, error);
    g_autoptr(KxlDomainConfig) back_config =
        config != NULL ? domain_def_to_config(back, error) : NULL;
    if (back_config == NULL)
        return FALSE;
    const Comparison comparison = { def, back, config, back_config };
    return compare(&comparison, error);
}
