/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <sound> and <audio>: the guest's cards, and where the host plays them. */
#include "def-classes.h"

/* ---- sound ---- */

static const char *const sound_models[] = { "",     "sb16", "es1370", "pcspk", "ac97",
                                            "ich6", "ich9", "usb",    NULL };
static const char *const codec_types[] = { "", "duplex", "micro", "output", NULL };

#define F(field) offsetof(DomainParameter, field)
static const XmlRow codec_rows[] = {
    { "@type", XML_STRING, F(name), XML_REQUIRED, .words = codec_types },
};
#undef F
XML_CLASS_DEFINE(domain_codec_class, DomainParameter, codec_rows, NULL)

#define F(field) offsetof(DomainSound, field)
static const XmlRow sound_rows[] = {
    { "@model", XML_STRING, F(model), XML_REQUIRED, .words = sound_models },
    { "codec", XML_LIST, F(codecs), .item = &domain_codec_class },
    { "audio/@id", XML_STRING, F(audio_id), XML_DECIMAL },
    DEVICE_ALIAS_ROW(DomainSound),
    DEVICE_ADDRESS_ROW(DomainSound),
};
#undef F
XML_CLASS_DEFINE(domain_sound_class, DomainSound, sound_rows, NULL)

/* ---- audio ---- */

static const char *const audio_types[] = { "",    "none",  "alsa", "oss",  "pulseaudio", "sdl",
                                           "spice", "file", "dbus", "jack", NULL };
static const char *const other_audio_types[] = { "coreaudio", NULL };
static const char *const sample_formats[] = { "", "s8", "u8", "s16", "u16", "s32", "u32", "f32",
                                              NULL };

#define F(field) offsetof(DomainAudioSide, field)
static const XmlRow audio_side_rows[] = {
    { "@mixingEngine", XML_STRING, F(mixing_engine), .words = xml_yes_no },
    { "@fixedSettings", XML_STRING, F(fixed_settings), .words = xml_yes_no },
    { "@voices", XML_STRING, F(voices), XML_DECIMAL },
    { "@bufferLength", XML_STRING, F(buffer_length), XML_DECIMAL },
    { "@dev", XML_STRING, F(dev) },
    { "@bufferCount", XML_STRING, F(buffer_count), XML_DECIMAL },
    { "@tryPoll", XML_STRING, F(try_poll), .words = xml_yes_no },
    { "@name", XML_STRING, F(name) },
    { "@streamName", XML_STRING, F(stream_name) },
    { "@latency", XML_STRING, F(latency), XML_DECIMAL },
    { "@serverName", XML_STRING, F(server_name) },
    { "@clientName", XML_STRING, F(client_name) },
    { "@connectPorts", XML_STRING, F(connect_ports) },
    { "@exactName", XML_STRING, F(exact_name), .words = xml_yes_no },
    { "settings/@frequency", XML_STRING, F(frequency), XML_DECIMAL },
    { "settings/@channels", XML_STRING, F(channels), XML_DECIMAL },
    { "settings/@format", XML_STRING, F(format), .words = sample_formats },
};
#undef F
XML_CLASS_DEFINE(domain_audio_side_class, DomainAudioSide, audio_side_rows, NULL)

#define F(field) offsetof(DomainAudio, field)
static const XmlRow audio_rows[] = {
    { "@id", XML_STRING, F(id), XML_REQUIRED | XML_DECIMAL },
    { "@type", XML_STRING, F(type), XML_REQUIRED, .words = audio_types,
      .refused = other_audio_types },
    { "@timerPeriod", XML_STRING, F(timer_period), XML_DECIMAL },
    { "@serverName", XML_STRING, F(server_name) },
    { "@path", XML_STRING, F(path) },
    { "@tryMMap", XML_STRING, F(try_mmap), .words = xml_yes_no },
    { "@exclusive", XML_STRING, F(exclusive), .words = xml_yes_no },
    { "@dspPolicy", XML_STRING, F(dsp_policy), XML_DECIMAL },
    { "@driver", XML_REFUSED }, /* SDL's */
    { "input", XML_OBJECT, F(input), .item = &domain_audio_side_class },
    { "output", XML_OBJECT, F(output), .item = &domain_audio_side_class },
};
#undef F
XML_CLASS_DEFINE(domain_audio_class, DomainAudio, audio_rows, NULL)
