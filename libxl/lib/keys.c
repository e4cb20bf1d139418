/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kxl-guest.h"

#include <linux/input-event-codes.h>

/* Up to KEY_KPDOT, Linux's codes are the scan codes themselves; from there on they are not. */
static const guint8 others[] = {
    [KEY_102ND] = 0x56,
    [KEY_F11] = 0x57,
    [KEY_F12] = 0x58,
    [KEY_RO] = 0x73,
    [KEY_KATAKANAHIRAGANA] = 0x70,
    [KEY_HENKAN] = 0x79,
    [KEY_MUHENKAN] = 0x7b,
    [KEY_YEN] = 0x7d,
    [KEY_KPENTER] = 0x9c,
    [KEY_RIGHTCTRL] = 0x9d,
    [KEY_KPSLASH] = 0xb5,
    [KEY_SYSRQ] = 0x54,
    [KEY_RIGHTALT] = 0xb8,
    [KEY_HOME] = 0xc7,
    [KEY_UP] = 0xc8,
    [KEY_PAGEUP] = 0xc9,
    [KEY_LEFT] = 0xcb,
    [KEY_RIGHT] = 0xcd,
    [KEY_END] = 0xcf,
    [KEY_DOWN] = 0xd0,
    [KEY_PAGEDOWN] = 0xd1,
    [KEY_INSERT] = 0xd2,
    [KEY_DELETE] = 0xd3,
    [KEY_MUTE] = 0xa0,
    [KEY_VOLUMEDOWN] = 0xae,
    [KEY_VOLUMEUP] = 0xb0,
    [KEY_POWER] = 0xde,
    [KEY_KPEQUAL] = 0x59,
    [KEY_PAUSE] = 0xc6,
    [KEY_KPCOMMA] = 0x7e,
    [KEY_LEFTMETA] = 0xdb,
    [KEY_RIGHTMETA] = 0xdc,
    [KEY_COMPOSE] = 0xdd,
    [KEY_SLEEP] = 0xdf,
    [KEY_WAKEUP] = 0xe3,
    [KEY_NEXTSONG] = 0x99,
    [KEY_PREVIOUSSONG] = 0x90,
    [KEY_PLAYPAUSE] = 0xa2,
    [KEY_STOPCD] = 0xa4,
};

int kxl_key_from_linux(guint key)
{
    if (key >= KEY_ESC && key <= KEY_KPDOT)
        return (int)key;
    return key < G_N_ELEMENTS(others) && others[key] ? others[key] : -1;
}
