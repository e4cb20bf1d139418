/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <sound> and <audio>. xl.cfg(5) has a list of models, soundhw=, and no more. */
#include "map.h"

#include <string.h>

#include "def-classes.h"

/* ---- cards ---- */

static const char *sound_name(const char *model)
{
    return strcmp(model, "ich6") == 0 ? "hda" : model;
}

/* What soundhw= cannot say. */
static gboolean is_more_than_a_name(const DomainSound *sound)
{
    return sound->codecs->len > 0 || sound->audio_id != NULL;
}

static void add_sound(const DomainSound *sound, KxlDomainConfig *config)
{
    KxlDeviceSound *to = kxl_device_sound_new();

    to->model = g_strdup(sound->model);
    to->audio = g_strdup(sound->audio_id);
    for (guint i = 0; i < sound->codecs->len; i++)
        map_add_string(&to->codecs,
                       ((const DomainParameter *)g_ptr_array_index(sound->codecs, i))->name);
    g_ptr_array_add(config->sounds, to);
}

static void map_cards_to_config(const DomainDef *def, KxlDomainConfig *config)
{
    GString *names = g_string_new(NULL);
    gboolean in_full = FALSE;

    for (guint i = 0; i < def->sounds->len; i++) {
        const DomainSound *sound = g_ptr_array_index(def->sounds, i);

        g_string_append_printf(names, "%s%s", i > 0 ? "," : "", sound_name(sound->model));
        in_full |= is_more_than_a_name(sound);
        config->usb |= strcmp(sound->model, "usb") == 0;
    }
    config->soundhw = g_string_free(names, names->len == 0);
    for (guint i = 0; i < def->sounds->len && in_full; i++)
        add_sound(g_ptr_array_index(def->sounds, i), config);
}

static void map_cards_from_config(const KxlDomainConfig *config, DomainDef *def)
{
    static const char *const models[] = { "sb16", "es1370", "ac97",  "ich6",
                                          "ich9", "usb",    "pcspk", NULL };
    const char *list = config->soundhw != NULL ? config->soundhw : "";
    g_auto(GStrv) names = g_strsplit(strcmp(list, "all") == 0 ? "sb16,es1370" : list, ",", -1);

    for (guint i = 0; names[i] != NULL; i++) {
        const char *model = strcmp(names[i], "hda") == 0 ? "ich6" : names[i];
        if (!g_strv_contains(models, model))
            continue;
        DomainSound *sound = xml_object_new(&domain_sound_class);
        sound->model = g_strdup(model);
        g_ptr_array_add(def->sounds, sound);
    }
}

/* ---- the host's side ---- */

static const char *on_off(const char *yes_no)
{
    return strcmp(yes_no, "yes") == 0 ? "on" : "off";
}

/* One setting of -audiodev. Yes and no become on and off. */
static void add_setting(KxlAudio *audio, const char *prefix, const char *name, const char *value,
                        gboolean is_switch)
{
    if (value == NULL)
        return;
    g_autofree char *text =
        g_strdup_printf("%s%s=%s", prefix, name, is_switch ? on_off(value) : value);
    map_add_string(&audio->settings, text);
}

/* libvirt's names of the settings of one direction, and QEMU's. */
static const struct {
    gsize offset; /* in DomainAudioSide */
    const char *name;
    gboolean is_switch;
} side_settings[] = {
    { offsetof(DomainAudioSide, mixing_engine), "mixing-engine", TRUE },
    { offsetof(DomainAudioSide, fixed_settings), "fixed-settings", TRUE },
    { offsetof(DomainAudioSide, frequency), "frequency", FALSE },
    { offsetof(DomainAudioSide, channels), "channels", FALSE },
    { offsetof(DomainAudioSide, format), "format", FALSE },
    { offsetof(DomainAudioSide, voices), "voices", FALSE },
    { offsetof(DomainAudioSide, buffer_length), "buffer-length", FALSE },
    { offsetof(DomainAudioSide, dev), "dev", FALSE },
    { offsetof(DomainAudioSide, buffer_count), "buffer-count", FALSE },
    { offsetof(DomainAudioSide, try_poll), "try-poll", TRUE },
    { offsetof(DomainAudioSide, name), "name", FALSE },
    { offsetof(DomainAudioSide, stream_name), "stream-name", FALSE },
    { offsetof(DomainAudioSide, latency), "latency", FALSE },
    { offsetof(DomainAudioSide, server_name), "server-name", FALSE },
    { offsetof(DomainAudioSide, client_name), "client-name", FALSE },
    { offsetof(DomainAudioSide, connect_ports), "connect-ports", FALSE },
    { offsetof(DomainAudioSide, exact_name), "exact-name", TRUE },
};

static void add_side(KxlAudio *audio, const char *prefix, const DomainAudioSide *side)
{
    for (guint i = 0; side != NULL && i < G_N_ELEMENTS(side_settings); i++)
        add_setting(audio, prefix, side_settings[i].name,
                    G_STRUCT_MEMBER(char *, side, side_settings[i].offset),
                    side_settings[i].is_switch);
}

static void map_audio_to_config(const DomainAudio *from, KxlDomainConfig *config)
{
    KxlAudio *to = kxl_audio_new();

    to->id = g_strdup(from->id);
    to->type = g_strdup(from->type);
    add_setting(to, "", "timer-period", from->timer_period, FALSE);
    add_side(to, "in.", from->input);
    add_side(to, "out.", from->output);
    add_setting(to, "", "server", from->server_name, FALSE);
    add_setting(to, "", "path", from->path, FALSE);
    add_setting(to, "", "try-mmap", from->try_mmap, TRUE);
    add_setting(to, "", "exclusive", from->exclusive, TRUE);
    add_setting(to, "", "dsp-policy", from->dsp_policy, FALSE);
    g_ptr_array_add(config->audios, to);
}

gboolean map_sounds_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    if (config->type != KXL_TYPE_HVM)
        return TRUE;
    map_cards_to_config(def, config);
    for (guint i = 0; i < def->audios->len; i++)
        map_audio_to_config(g_ptr_array_index(def->audios, i), config);
    return TRUE;
}

gboolean map_sounds_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error)
{
    if (config->type == KXL_TYPE_HVM)
        map_cards_from_config(config, def);
    return TRUE;
}
