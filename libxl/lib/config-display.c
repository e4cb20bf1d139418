/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Displays, adapters, input and sound of kxl-config.h as rows. */
#include "config.h"

#include "kxl-config.h"

static const KxlField vnc_rows[] = {
    KXL_ROW("enable", DEFBOOL, KxlVnc, enable),
    KXL_ROW("listen", STRING, KxlVnc, listen),
    KXL_ROW("passwd", STRING, KxlVnc, passwd),
    KXL_ROW_INIT("display", INT, KxlVnc, display, -1),
    KXL_ROW_INIT("findunused", DEFBOOL, KxlVnc, find_unused, TRUE),
    KXL_ROW("socket", STRING, KxlVnc, socket),
    KXL_ROW("keymap", STRING, KxlVnc, keymap),
    KXL_ROW("no_listen", BOOL, KxlVnc, no_listen),
    KXL_ROW("websocket", INT, KxlVnc, websocket),
    KXL_ROW("share_policy", STRING, KxlVnc, share_policy),
    KXL_ROW_INIT("power_control", DEFBOOL, KxlVnc, power_control, KXL_DEFAULT),
    KXL_ROW("passwd_valid_to", STRING, KxlVnc, passwd_valid_to),
    KXL_ROW("audio", STRING, KxlVnc, audio),
};
KXL_TYPE_DEFINE(vnc, KxlVnc, vnc_rows)

static const KxlField spice_rows[] = {
    KXL_ROW("enable", DEFBOOL, KxlSpice, enable),
    KXL_ROW("host", STRING, KxlSpice, listen),
    KXL_ROW("port", INT, KxlSpice, port),
    KXL_ROW("tls_port", INT, KxlSpice, tls_port),
    KXL_ROW("passwd", STRING, KxlSpice, passwd),
    KXL_ROW("disable_ticketing", DEFBOOL, KxlSpice, disable_ticketing),
    KXL_ROW("agent_mouse", DEFBOOL, KxlSpice, agent_mouse),
    KXL_ROW("socket", STRING, KxlSpice, socket),
    KXL_ROW("no_listen", BOOL, KxlSpice, no_listen),
    KXL_ROW("passwd_valid_to", STRING, KxlSpice, passwd_valid_to),
    KXL_ROW("connected", STRING, KxlSpice, connected),
    KXL_ROW("default_mode", STRING, KxlSpice, default_mode),
    KXL_ROW("channels", STRV, KxlSpice, channels),
    KXL_ROW("image_compression", STRING, KxlSpice, image_compression),
    KXL_ROW("jpeg_compression", STRING, KxlSpice, jpeg_compression),
    KXL_ROW("zlib_compression", STRING, KxlSpice, zlib_compression),
    KXL_ROW("streaming", STRING, KxlSpice, streaming),
    KXL_ROW_INIT("playback_compression", DEFBOOL, KxlSpice, playback_compression, KXL_DEFAULT),
    KXL_ROW_INIT("copy_paste", DEFBOOL, KxlSpice, copy_paste, KXL_DEFAULT),
    KXL_ROW_INIT("file_transfer", DEFBOOL, KxlSpice, file_transfer, KXL_DEFAULT),
    KXL_ROW("gl", BOOL, KxlSpice, gl),
    KXL_ROW("rendernode", STRING, KxlSpice, rendernode),
};
KXL_TYPE_DEFINE(spice, KxlSpice, spice_rows)

static const KxlField sdl_rows[] = {
    KXL_ROW("enable", DEFBOOL, KxlSdl, enable),
    KXL_ROW("opengl", DEFBOOL, KxlSdl, opengl),
    KXL_ROW("display", STRING, KxlSdl, display),
    KXL_ROW("xauthority", STRING, KxlSdl, xauthority),
    KXL_ROW("fullscreen", BOOL, KxlSdl, fullscreen),
};
KXL_TYPE_DEFINE(sdl, KxlSdl, sdl_rows)

static const KxlField gl_display_rows[] = {
    KXL_ROW("enable", DEFBOOL, KxlGlDisplay, enable),
    KXL_ROW("p2p", BOOL, KxlGlDisplay, p2p),
    KXL_ROW("address", STRING, KxlGlDisplay, address),
    KXL_ROW("gl", BOOL, KxlGlDisplay, gl),
    KXL_ROW("rendernode", STRING, KxlGlDisplay, rendernode),
    KXL_ROW("audio", STRING, KxlGlDisplay, audio),
};
KXL_TYPE_DEFINE(gl_display, KxlGlDisplay, gl_display_rows)

static const KxlField device_vfb_rows[] = {
    KXL_ROW_TYPE("vnc", STRUCT, KxlDeviceVfb, vnc, vnc),
    KXL_ROW_TYPE("sdl", STRUCT, KxlDeviceVfb, sdl, sdl),
};
KXL_TYPE_DEFINE_NEW(device_vfb, KxlDeviceVfb, device_vfb_rows)

static const KxlField device_video_rows[] = {
    KXL_ROW("model", STRING, KxlDeviceVideo, model),
    KXL_ROW("ram_kb", UINT64, KxlDeviceVideo, ram_kb),
    KXL_ROW("vram_kb", UINT64, KxlDeviceVideo, vram_kb),
    KXL_ROW("vram64_kb", UINT64, KxlDeviceVideo, vram64_kb),
    KXL_ROW("vgamem_kb", UINT64, KxlDeviceVideo, vgamem_kb),
    KXL_ROW("heads", UINT, KxlDeviceVideo, heads),
    KXL_ROW("accel3d", BOOL, KxlDeviceVideo, accel3d),
    KXL_ROW("width", UINT, KxlDeviceVideo, width),
    KXL_ROW("height", UINT, KxlDeviceVideo, height),
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceVideo, address, address),
};
KXL_TYPE_DEFINE_NEW(device_video, KxlDeviceVideo, device_video_rows)

static const KxlField device_input_rows[] = {
    KXL_ROW("type", STRING, KxlDeviceInput, type),
    KXL_ROW("path", STRING, KxlDeviceInput, path),
    KXL_ROW("grab_all", BOOL, KxlDeviceInput, grab_all),
    KXL_ROW("repeat", BOOL, KxlDeviceInput, repeat),
    KXL_ROW("grab_toggle", STRING, KxlDeviceInput, grab_toggle),
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceInput, address, address),
};
KXL_TYPE_DEFINE_NEW(device_input, KxlDeviceInput, device_input_rows)

static const KxlField device_sound_rows[] = {
    KXL_ROW("model", STRING, KxlDeviceSound, model),
    KXL_ROW("codecs", STRV, KxlDeviceSound, codecs),
    KXL_ROW("audio", STRING, KxlDeviceSound, audio),
};
KXL_TYPE_DEFINE_NEW(device_sound, KxlDeviceSound, device_sound_rows)

static const KxlField audio_rows[] = {
    KXL_ROW("id", STRING, KxlAudio, id),
    KXL_ROW("type", STRING, KxlAudio, type),
    KXL_ROW("settings", STRV, KxlAudio, settings),
};
KXL_TYPE_DEFINE_NEW(audio, KxlAudio, audio_rows)
