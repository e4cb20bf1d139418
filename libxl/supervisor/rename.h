/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "session.h"

/* Starts a new domain of the same name and UUID beside the ended one, which gets others. FALSE:
 * there is no new one. */
gboolean session_rename_restart(Session *s, GError **error);
