/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xl.h"

/* Starts the host's vncviewer on a domain's display and leaves it running. autopass: gives it the
 * password. */
int xl_vnc_view(Xl *xl, int domid, gboolean autopass);
