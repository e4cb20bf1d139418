/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Display adapters. */
#include <string.h>

#include "config.h"
#include "machine-args.h"

/* What a model's memories are called: qxl in bytes, MiB for the rest. */
typedef enum { MEMORY_NONE, MEMORY_VGA, MEMORY_QXL, MEMORY_BOCHS } Memory;

/* xl.cfg's and libvirt's names. secondary: the device without VGA's registers, NULL: can only be
 * the first. */
static const struct {
    const char *kind, *device, *secondary;
    Memory memory;
    gboolean outputs, resolution, in_slot;
} adapters[] = {
    { "cirrus", "cirrus-vga", NULL, MEMORY_VGA, FALSE, FALSE, TRUE },
    { "stdvga", "VGA", NULL, MEMORY_VGA, FALSE, TRUE, TRUE },
    { "std", "VGA", NULL, MEMORY_VGA, FALSE, TRUE, TRUE },
    { "vga", "VGA", NULL, MEMORY_VGA, FALSE, TRUE, TRUE },
    { "vmvga", "vmware-svga", NULL, MEMORY_VGA, FALSE, FALSE, TRUE },
    { "qxl", "qxl-vga", "qxl", MEMORY_QXL, TRUE, TRUE, TRUE },
    { "virtio", "virtio-vga", "virtio-gpu-pci", MEMORY_NONE, TRUE, TRUE, TRUE },
    { "bochs", "bochs-display", "bochs-display", MEMORY_BOCHS, FALSE, TRUE, TRUE },
    { "ramfb", "ramfb", NULL, MEMORY_NONE, FALSE, FALSE, FALSE },
};

static int find_adapter(const char *kind)
{
    for (guint i = 0; i < G_N_ELEMENTS(adapters); i++)
        if (g_str_equal(adapters[i].kind, kind))
            return (int)i;
    return -1;
}

/* QEMU takes what it finds too small or no power of two and makes it fit. */
static void add_memory(GString *out, const KxlDeviceVideo *video, Memory memory)
{
    guint64 vga_kb = video->vgamem_kb ? video->vgamem_kb : video->vram_kb;

    if (memory == MEMORY_VGA && vga_kb)
        g_string_append_printf(out, ",vgamem_mb=%" G_GUINT64_FORMAT, MAX(vga_kb / 1024, 1));
    if (memory == MEMORY_BOCHS && vga_kb)
        g_string_append_printf(out, ",vgamem=%" G_GUINT64_FORMAT "k", vga_kb);
    if (memory != MEMORY_QXL)
        return;
    if (video->ram_kb)
        g_string_append_printf(out, ",ram_size=%" G_GUINT64_FORMAT, video->ram_kb * 1024);
    if (video->vram_kb)
        g_string_append_printf(out, ",vram_size=%" G_GUINT64_FORMAT, video->vram_kb * 1024);
    if (video->vram64_kb)
        g_string_append_printf(out, ",vram64_size_mb=%" G_GUINT64_FORMAT, video->vram64_kb / 1024);
    if (video->vgamem_kb)
        g_string_append_printf(out, ",vgamem_mb=%" G_GUINT64_FORMAT, video->vgamem_kb / 1024);
}

static const char *device_of(guint adapter, const KxlDeviceVideo *video, gboolean primary)
{
    if (video->accel3d)
        return primary ? "virtio-vga-gl" : "virtio-gpu-gl-pci";
    return primary ? adapters[adapter].device : adapters[adapter].secondary;
}

/* Where libvirt has the first adapter: slot 1 of a PC is the board's own. */
static const char *first_slot(const KxlDomainConfig *config)
{
    return kxl_board_is_q35(config) ? ",bus=pcie.0,addr=01.0" : ",addr=02.0";
}

static gboolean add_video(KxlArgs *args, const KxlDomainConfig *config,
                          const KxlDeviceVideo *video, guint i, GError **error)
{
    int a = find_adapter(video->model ? video->model : "cirrus");
    g_autofree char *more = kxl_args_pci_address(config, &video->address, "video", error);
    g_autoptr(GString) out = g_string_new(NULL);
    const char *device;

    if (!more)
        return FALSE;
    if (a < 0)
        return kxl_args_unsupported(error, "video '%s'", video->model);
    if (video->accel3d && !g_str_equal(adapters[a].kind, "virtio"))
        return kxl_args_unsupported(error, "video '%s': 3D acceleration", video->model);
    device = device_of((guint)a, video, i == 0);
    if (!device)
        return kxl_args_unsupported(error, "video '%s' beside another adapter", video->model);
    if (video->heads > 1 && !adapters[a].outputs)
        return kxl_args_unsupported(error, "video '%s': more than one head", video->model);
    if (video->width && !adapters[a].resolution)
        return kxl_args_unsupported(error, "video '%s': a resolution", video->model);
    g_string_append_printf(out, "%s,id=video%u", device, i);
    if (i == 0 && adapters[a].in_slot)
        g_string_append(out, first_slot(config));
    add_memory(out, video, adapters[a].memory);
    if (video->heads && adapters[a].outputs)
        g_string_append_printf(out, ",max_outputs=%u", video->heads);
    if (video->width && video->height)
        g_string_append_printf(out, ",xres=%u,yres=%u", video->width, video->height);
    kxl_args_add(args, "-device", "%s%s", out->str, more);
    return TRUE;
}

/* vga= and videoram= of xl.cfg. */
static gboolean add_vga(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    const char *kind = config->vga ? config->vga : "cirrus";
    KxlDeviceVideo video = { 0 }; /* borrows */

    kxl_type_init(&kxl_type_device_video, &video);
    video.model = config->vga;
    video.vgamem_kb = config->video_memkb;
    if (g_str_equal(kind, "none"))
        return TRUE;
    if (find_adapter(kind) < 0)
        return kxl_args_unsupported(error, "vga '%s'", kind);
    return add_video(args, config, &video, 0, error);
}

gboolean kxl_args_videos(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    if (config->videos->len == 0)
        return add_vga(args, config, error);
    for (guint i = 0; i < config->videos->len; i++)
        if (!add_video(args, config, config->videos->pdata[i], i, error))
            return FALSE;
    return TRUE;
}
