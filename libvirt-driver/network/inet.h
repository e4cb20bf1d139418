/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IP addresses as texts and as numbers. */
#pragma once

#include <glib.h>
#include <sys/socket.h>

G_BEGIN_DECLS

typedef struct {
    int family; /* AF_INET, AF_INET6 */
    guint8 bytes[16];
} InetAddress;

gboolean inet_parse(const char *text, InetAddress *ret_address);
char *inet_text(const InetAddress *address);
/* The usual spelling of an address; NULL: it is none. */
char *inet_normal(const char *text);
/* Bits of an address of that family. */
guint inet_bits(int family);
/* Length of the prefix that a netmask stands for; -1: it is no netmask. */
int inet_mask_prefix(const char *netmask);
/* The prefix of an address given without one: by class (RFC 791), 64 with IPv6. */
guint inet_natural_prefix(const InetAddress *address);
/* Keeps the first prefix bits and clears the others. */
InetAddress inet_mask(const InetAddress *address, guint prefix);
gboolean inet_in_network(const InetAddress *address, const InetAddress *network, guint prefix);
/* Whether all bits behind the prefix are clear; all are set. */
gboolean inet_is_network(const InetAddress *address, guint prefix);
gboolean inet_is_broadcast(const InetAddress *address, guint prefix);
char *inet_netmask_text(int family, guint prefix);
/* Number of addresses from start to end; -1: reversed, of two families, or more than max. */
gint64 inet_range_size(const InetAddress *start, const InetAddress *end, guint max);
/* "00:16:3e:..." in lower case; NULL: not a MAC address, or a multicast one. */
char *inet_mac_normal(const char *text);
/* Whether it can be an interface's name, here and in the rules of a firewall. */
gboolean inet_is_ifname(const char *name);

G_END_DECLS
