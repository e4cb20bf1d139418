/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks polkit, over D-Bus, whether a process may do something. */
#pragma once

#include <gio/gio.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* libvirt's actions: policies and rules that name them hold here, too. */
#define POLKIT_MANAGE  "org.libvirt.unix.manage"
#define POLKIT_MONITOR "org.libvirt.unix.monitor"

/* Blocks, for as long as somebody needs to type a password. FALSE: no, or polkit cannot be asked;
 * the error says which. */
gboolean polkit_check(pid_t pid, uid_t uid, const char *action, GError **error);

G_END_DECLS
