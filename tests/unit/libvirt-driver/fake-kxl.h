/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkxl without machines: domains are entries of a table. It takes the place of the library's
 * domain functions in kanzend's tests, which can make a guest do what real ones do on their own.
 */
#pragma once

#include <kxl.h>

G_BEGIN_DECLS

/* As `xl create` in another process. */
int fake_kxl_create_behind(const char *name, const char *uuid);
void fake_kxl_pause_behind(int domid, gboolean paused);
/* The guest ends by itself; restart: it comes back with a new domid, as after a reboot. */
void fake_kxl_end(int domid, KxlShutdownReason reason, gboolean restart);
/* The next kxl_domain_create() fails with this; NULL: succeeds. */
void fake_kxl_fail_create(const char *message);
/* How long each kxl_domain_create() takes. */
void fake_kxl_set_delay(guint ms);
void fake_kxl_reset(void);
/* The master side of a domain's console. */
int fake_kxl_console_master(int domid);

G_END_DECLS
