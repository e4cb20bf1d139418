/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ends a daemon that has nothing to do, where something starts it again when there is. */
#pragma once

#include "kanzend.h"

G_BEGIN_DECLS

typedef struct Idle Idle;

/* Calls quit(), in the loop thread, once there has been no client, no running domain and no active
 * network for the timeout. */
Idle *idle_new(const Kanzend *kanzend, RpcServer *admin, void (*quit)(gpointer), gpointer data);
void idle_free(Idle *idle);
/* 0: never. Loop thread. */
void idle_set_timeout(Idle *idle, guint timeout_s);

G_END_DECLS
