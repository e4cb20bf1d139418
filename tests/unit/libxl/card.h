/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network card with a virtual function: a folder that looks like sysfs, and a stand-in for ip(8)
 * that remembers what the card was told. */
#pragma once

#include <glib.h>

#define CARD     "bus/pci/devices/0000:03:00.0"
#define FUNCTION "bus/pci/devices/0000:03:10.1"

typedef struct {
    char *dir;  /* the card's settings of the function: in "card" "MAC VLAN", in "log" each change;
                   the address in "refuse" is refused */
    char *path; /* $PATH before */
} Card;

void card_make(Card *card);
void card_clear(Card *card);
char *card_path(const Card *card, const char *path);
void card_put(const Card *card, const char *path, const char *text);
void card_link(const Card *card, const char *path, const char *target);
/* That a file has this text; "" stands for none. */
void card_check(const Card *card, const char *path, const char *text);
void card_remove(const Card *card, const char *path);
