/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the devices of a running machine sit. QEMU loads a saved state only into a machine that has
 * each device in the same place, and it chooses most of them: as they come, so a machine into which
 * devices were plugged, or that has lost some, is not the one that its configuration makes. Such a
 * machine's places go along with its state. One device a line: its id and what is to be added to
 * its -device, with spaces between them.
 */
#pragma once

#include "machine-args.h"
#include "qmp.h"

/* argv: what the domain's configuration makes. KXL_ERROR_UNSUPPORTED: the running machine has
 * others than that. */
char *kxl_places_ask(KxlQmp *qmp, char **argv, GError **error);
/* The -device of each gets what it does not say by itself. */
void kxl_places_put(KxlArgs *args, const char *places);
