/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of all procedures. */
#pragma once

#include "rpc/server.h"

G_BEGIN_DECLS

extern const RpcProgram kanzend_programs[];
extern const guint kanzend_n_programs;

G_END_DECLS
