/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's side of nics that no script makes, and what is set on every tap. */
#pragma once

#include "fd.h"
#include "kxl.h"
#include "machine.h"
#include "qmp.h"

/* QEMU gets the host's side as a file descriptor. */
gboolean kxl_nic_has_tap(const KxlDeviceNic *nic);
/* Something is made or set aside on the host for it, by kxl_vif_up(). */
gboolean kxl_nic_needs_host(const KxlDeviceNic *nic);

/* Opens the tap of that name, and makes it if it is not there, once for each of `queues`. */
gboolean kxl_tap_open(const char *name, guint queues, KxlTap *ret_tap, GError **error);
void kxl_tap_close(KxlTap *tap);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KxlTap, kxl_tap_close)

/* A tap that is there already and stays (KXL_NIC_TAP). */
KxlFd kxl_nic_open_tap(const KxlDeviceNic *nic, GError **error);

/* Makes the macvtap nic->ifname and opens it. dir: a folder for a device node that lasts a
 * moment. */
KxlFd kxl_macvtap_make(const KxlDeviceNic *nic, const char *dir, GError **error);
void kxl_macvtap_remove(const KxlDeviceNic *nic);

/* The script of a bridged nic is told the limit of what comes from the guest, and sets it. */
gboolean kxl_nic_script_limits(const KxlDeviceNic *nic);
/* Limits and isolation of a tap. They go with it. */
gboolean kxl_nic_shape(const KxlDeviceNic *nic, GError **error);
/* What a device of QEMU's is told after it is there: whether its cable is in. */
gboolean kxl_nic_settle(KxlQmp *qmp, const KxlDeviceNic *nic, GError **error);
