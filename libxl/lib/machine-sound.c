/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound cards, and where what they play goes. */
#include <string.h>

#include "machine-args.h"

typedef enum { CARD_PLAIN, CARD_HDA, CARD_SPEAKER } CardKind;

static const struct {
    const char *name, *device;
    CardKind kind;
} cards[] = {
    { "ac97", "AC97", CARD_PLAIN },          { "es1370", "ES1370", CARD_PLAIN },
    { "sb16", "sb16", CARD_PLAIN },          { "adlib", "adlib", CARD_PLAIN },
    { "gus", "gus", CARD_PLAIN },            { "usb", "usb-audio", CARD_PLAIN },
    { "hda", "intel-hda", CARD_HDA },        { "ich6", "intel-hda", CARD_HDA },
    { "ich9", "ich9-intel-hda", CARD_HDA },  { "pcspk", NULL, CARD_SPEAKER },
};

/* libvirt's types, and QEMU's audio drivers. */
static const struct {
    const char *type, *driver;
} drivers[] = {
    { "none", "none" }, { "alsa", "alsa" },     { "dbus", "dbus" }, { "oss", "oss" },
    { "sdl", "sdl" },   { "pulseaudio", "pa" }, { "jack", "jack" }, { "spice", "spice" },
    { "file", "wav" },
};

static gboolean add_audio(KxlArgs *args, const KxlAudio *audio, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(drivers); i++)
        if (g_strcmp0(audio->type, drivers[i].type) == 0)
            g_string_printf(out, "%s,id=audio%s", drivers[i].driver, audio->id);
    if (out->len == 0)
        return kxl_args_unsupported(error, "audio '%s'", audio->type ? audio->type : "");
    for (char **setting = audio->settings; setting && *setting; setting++) {
        g_autofree char *quoted = kxl_args_quote(*setting);

        g_string_append_printf(out, ",%s", quoted);
    }
    kxl_args_add(args, "-audiodev", "%s", out->str);
    return TRUE;
}

gboolean kxl_args_audios(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    for (guint i = 0; i < config->audios->len; i++)
        if (!add_audio(args, config->audios->pdata[i], error))
            return FALSE;
    if (config->audios->len == 0 && (config->sounds->len > 0 || config->soundhw))
        kxl_args_add(args, "-audiodev", "%s,id=audio0", config->spice.enable ? "spice" : "none");
    return TRUE;
}

static char *audio_of(const KxlDomainConfig *config, const char *given)
{
    if (given)
        return g_strdup_printf("audio%s", given);
    if (config->audios->len > 0)
        return g_strdup_printf("audio%s", ((const KxlAudio *)config->audios->pdata[0])->id);
    return g_strdup("audio0");
}

static void add_hda(KxlArgs *args, const char *device, const KxlDeviceSound *sound, guint i,
                    const char *audio)
{
    static char duplex[] = "duplex";
    static char *const usual[] = { duplex, NULL };
    char *const *codecs = sound->codecs && *sound->codecs ? sound->codecs : usual;

    kxl_args_add(args, "-device", "%s,id=sound%u", device, i);
    for (guint n = 0; codecs[n]; n++)
        kxl_args_add(args, "-device", "hda-%s,bus=sound%u.0,cad=%u,audiodev=%s", codecs[n], i, n,
                     audio);
}

static gboolean add_sound(KxlArgs *args, const KxlDomainConfig *config, const KxlDeviceSound *sound,
                          guint i, GError **error)
{
    g_autofree char *audio = audio_of(config, sound->audio);

    for (guint n = 0; n < G_N_ELEMENTS(cards); n++) {
        if (g_strcmp0(cards[n].name, sound->model) != 0)
            continue;
        if (cards[n].kind == CARD_HDA)
            add_hda(args, cards[n].device, sound, i, audio);
        else if (cards[n].kind == CARD_SPEAKER)
            kxl_args_add(args, "-machine", "pcspk-audiodev=%s", audio);
        else
            kxl_args_add(args, "-device", "%s,id=sound%u,audiodev=%s", cards[n].device, i, audio);
        return TRUE;
    }
    return kxl_args_unsupported(error, "soundhw '%s'", sound->model ? sound->model : "");
}

/* soundhw= of xl.cfg(5): a list of names. */
static gboolean add_soundhw(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    g_auto(GStrv) names = g_strsplit(config->soundhw, ",", -1);

    for (guint i = 0; names[i]; i++) {
        KxlDeviceSound sound = { .model = g_strstrip(names[i]) };

        if (!add_sound(args, config, &sound, i, error))
            return FALSE;
    }
    return TRUE;
}

gboolean kxl_args_sounds(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    if (config->sounds->len == 0 && config->soundhw)
        return add_soundhw(args, config, error);
    for (guint i = 0; i < config->sounds->len; i++)
        if (!add_sound(args, config, config->sounds->pdata[i], i, error))
            return FALSE;
    return TRUE;
}
