/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's side of bridged nics: a tap that lives as long as QEMU holds it, and the network
 * script that puts it where it belongs, called as Xen's hotplug calls it (docs of Xen: "vif-bridge
 * online|offline").
 */
#pragma once

#include "fd.h"
#include "kxl.h"
#include "machine.h"

/* Makes the tap of a nic that has one, with that many queues if it can have several; calls the
 * script of a bridged one. A mark in the domain's folder keeps what has been set up, so that it is
 * taken down by whoever finds it. */
gboolean kxl_vif_up(const KxlHost *host, int domid, const KxlDeviceNic *nic, guint queues,
                    KxlTap *ret_tap, GError **error);
/* Calls the script again for the nic as it is now, without a new tap. */
gboolean kxl_vif_replug(const KxlHost *host, int domid, const KxlDeviceNic *nic, GError **error);
/* Takes down what a mark tells of; nothing when there is none. */
void kxl_vif_down(const KxlHost *host, int domid, int devid);
/* ... of all of the domain's nics. */
void kxl_vif_down_all(const KxlHost *host, int domid);
