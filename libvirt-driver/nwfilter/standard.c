/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The filters that every host has, under the names that libvirt's users know. Rules are lists of
 * what is let through, or let back to the root chain, with a last one that drops the rest: so a
 * list of addresses works as one address does.
 */
#include "nwfilter-internal.h"

#define CLIENT_SENDS_DHCP                                                                          \
    "  <rule action='accept' direction='out' priority='100'>\n"                                    \
    "    <ip srcipaddr='0.0.0.0' dstipaddr='255.255.255.255' protocol='udp'"                       \
    " srcportstart='68' dstportstart='67'/>\n"                                                     \
    "  </rule>\n"
/* From its link-local address to all servers: RFC 8415, 7.1. */
#define CLIENT_SENDS_DHCPV6                                                                        \
    "  <rule action='accept' direction='out' priority='100'>\n"                                    \
    "    <ipv6 srcipaddr='fe80::' srcipmask='10' dstipaddr='ff02::1:2' protocol='udp'"             \
    " srcportstart='546' dstportstart='547'/>\n"                                                   \
    "  </rule>\n"
#define DROP_THE_REST "  <rule action='drop' direction='out' priority='1000'/>\n"
/* What QEMU says for a guest that has come from elsewhere: a RARP question for its own address. */
#define ANNOUNCEMENT                                                                               \
    "dstmacaddr='ff:ff:ff:ff:ff:ff' opcode='Request_Reverse' arpsrcmacaddr='$MAC'"                 \
    " arpdstmacaddr='$MAC' arpsrcipaddr='0.0.0.0' arpdstipaddr='0.0.0.0'"

#define ALL_OF(name, chain, direction)                                                             \
    {                                                                                              \
        name, "<filter name='" name "' chain='" chain "'>\n"                                       \
              "  <rule action='accept' direction='" direction "'/>\n"                              \
              "</filter>\n"                                                                        \
    }

const NwfilterStandard nwfilter_standards[] = {
    ALL_OF("allow-arp", "arp", "inout"),
    ALL_OF("allow-ipv4", "ipv4", "inout"),
    ALL_OF("allow-ipv6", "ipv6", "inout"),
    ALL_OF("allow-incoming-ipv4", "ipv4", "in"),
    ALL_OF("allow-incoming-ipv6", "ipv6", "in"),
    /* The guest as a DHCP client: of any server, or of those that DHCPSERVER names. */
    { "allow-dhcp", "<filter name='allow-dhcp' chain='ipv4'>\n" CLIENT_SENDS_DHCP
                    "  <rule action='accept' direction='in' priority='100'>\n"
                    "    <ip protocol='udp' srcportstart='67' dstportstart='68'/>\n"
                    "  </rule>\n"
                    "</filter>\n" },
    { "allow-dhcp-server",
      "<filter name='allow-dhcp-server' chain='ipv4'>\n" CLIENT_SENDS_DHCP
      "  <rule action='accept' direction='in' priority='100'>\n"
      "    <ip srcipaddr='$DHCPSERVER' protocol='udp' srcportstart='67' dstportstart='68'/>\n"
      "  </rule>\n"
      "</filter>\n" },
    { "allow-dhcpv6", "<filter name='allow-dhcpv6' chain='ipv6'>\n" CLIENT_SENDS_DHCPV6
                      "  <rule action='accept' direction='in' priority='100'>\n"
                      "    <ipv6 protocol='udp' srcportstart='547' dstportstart='546'/>\n"
                      "  </rule>\n"
                      "</filter>\n" },
    { "allow-dhcpv6-server",
      "<filter name='allow-dhcpv6-server' chain='ipv6'>\n" CLIENT_SENDS_DHCPV6
      "  <rule action='accept' direction='in' priority='100'>\n"
      "    <ipv6 srcipaddr='$DHCPSERVER' protocol='udp' srcportstart='547'"
      " dstportstart='546'/>\n"
      "  </rule>\n"
      "</filter>\n" },
    /* Nothing leaves under another MAC address than the interface's. */
    { "no-mac-spoofing", "<filter name='no-mac-spoofing' chain='mac' priority='-800'>\n"
                         "  <rule action='return' direction='out'>\n"
                         "    <mac srcmacaddr='$MAC'/>\n"
                         "  </rule>\n" DROP_THE_REST "</filter>\n" },
    { "no-mac-broadcast", "<filter name='no-mac-broadcast' chain='ipv4'>\n"
                          "  <rule action='drop' direction='out'>\n"
                          "    <mac dstmacaddr='ff:ff:ff:ff:ff:ff'/>\n"
                          "  </rule>\n"
                          "</filter>\n" },
    /* A guest without an address yet asks for one from 0.0.0.0. */
    { "no-ip-spoofing", "<filter name='no-ip-spoofing' chain='ipv4-ip' priority='-710'>\n"
                        "  <rule action='return' direction='out' priority='100'>\n"
                        "    <ip srcipaddr='0.0.0.0' protocol='udp'/>\n"
                        "  </rule>\n"
                        "  <rule action='return' direction='out' priority='500'>\n"
                        "    <ip srcipaddr='$IP'/>\n"
                        "  </rule>\n" DROP_THE_REST "</filter>\n" },
    /* Link-local addresses are how it asks with IPv6. */
    { "no-ipv6-spoofing", "<filter name='no-ipv6-spoofing' chain='ipv6-ip' priority='-610'>\n"
                          "  <rule action='return' direction='out' priority='100'>\n"
                          "    <ipv6 srcipaddr='fe80::' srcipmask='10' protocol='udp'/>\n"
                          "  </rule>\n"
                          "  <rule action='return' direction='out' priority='500'>\n"
                          "    <ipv6 srcipaddr='$IPV6'/>\n"
                          "  </rule>\n" DROP_THE_REST "</filter>\n" },
    { "no-ip-multicast", "<filter name='no-ip-multicast' chain='ipv4'>\n"
                         "  <rule action='drop' direction='out'>\n"
                         "    <ip dstipaddr='224.0.0.0' dstipmask='4'/>\n"
                         "  </rule>\n"
                         "</filter>\n" },
    { "no-ipv6-multicast", "<filter name='no-ipv6-multicast' chain='ipv6'>\n"
                           "  <rule action='drop' direction='out'>\n"
                           "    <ipv6 dstipaddr='ff00::' dstipmask='8'/>\n"
                           "  </rule>\n"
                           "</filter>\n" },
    /* No ARP message in another's name: neither its MAC nor its IP address. */
    { "no-arp-mac-spoofing", "<filter name='no-arp-mac-spoofing' chain='arp-mac' priority='-520'>\n"
                             "  <rule action='return' direction='out' priority='350'>\n"
                             "    <arp arpsrcmacaddr='$MAC'/>\n"
                             "  </rule>\n" DROP_THE_REST "</filter>\n" },
    { "no-arp-ip-spoofing", "<filter name='no-arp-ip-spoofing' chain='arp-ip' priority='-510'>\n"
                            "  <rule action='return' direction='out' priority='400'>\n"
                            "    <arp arpsrcipaddr='$IP'/>\n"
                            "  </rule>\n" DROP_THE_REST "</filter>\n" },
    { "no-arp-spoofing", "<filter name='no-arp-spoofing'>\n"
                         "  <filterref filter='no-arp-mac-spoofing'/>\n"
                         "  <filterref filter='no-arp-ip-spoofing'/>\n"
                         "</filter>\n" },
    { "no-other-l2-traffic", "<filter name='no-other-l2-traffic'>\n"
                             "  <rule action='drop' direction='inout' priority='1000'/>\n"
                             "</filter>\n" },
    { "no-other-rarp-traffic", "<filter name='no-other-rarp-traffic' chain='rarp'>\n"
                               "  <rule action='drop' direction='inout' priority='1000'/>\n"
                               "</filter>\n" },
    { "qemu-announce-self-rarp",
      "<filter name='qemu-announce-self-rarp' chain='rarp'>\n"
      "  <rule action='accept' direction='out' priority='500'>\n"
      "    <rarp srcmacaddr='$MAC' " ANNOUNCEMENT "/>\n"
      "  </rule>\n"
      "  <rule action='accept' direction='in' priority='500'>\n"
      "    <rarp " ANNOUNCEMENT "/>\n"
      "  </rule>\n"
      "</filter>\n" },
    /* Old versions of QEMU announced under a number that is not RARP's. */
    { "qemu-announce-self", "<filter name='qemu-announce-self'>\n"
                            "  <rule action='accept' direction='out'>\n"
                            "    <mac protocolid='0x835'/>\n"
                            "  </rule>\n"
                            "  <filterref filter='qemu-announce-self-rarp'/>\n"
                            "  <filterref filter='no-other-rarp-traffic'/>\n"
                            "</filter>\n" },
    /* IPv4 and ARP in the guest's own name, and nothing else. */
    { "clean-traffic", "<filter name='clean-traffic'>\n"
                       "  <filterref filter='no-mac-spoofing'/>\n"
                       "  <filterref filter='no-ip-spoofing'/>\n"
                       "  <rule action='accept' direction='out' priority='-650'>\n"
                       "    <mac protocolid='ipv4'/>\n"
                       "  </rule>\n"
                       "  <filterref filter='allow-incoming-ipv4'/>\n"
                       "  <filterref filter='no-arp-spoofing'/>\n"
                       "  <rule action='accept' direction='inout' priority='-500'>\n"
                       "    <mac protocolid='arp'/>\n"
                       "  </rule>\n"
                       "  <filterref filter='no-other-l2-traffic'/>\n"
                       "  <filterref filter='qemu-announce-self'/>\n"
                       "</filter>\n" },
    /* The same, to and from the gateway alone. */
    { "clean-traffic-gateway", "<filter name='clean-traffic-gateway'>\n"
                               "  <filterref filter='no-mac-spoofing'/>\n"
                               "  <filterref filter='no-ip-spoofing'/>\n"
                               "  <filterref filter='no-arp-spoofing'/>\n"
                               "  <rule action='accept' direction='inout' priority='-500'>\n"
                               "    <mac protocolid='arp'/>\n"
                               "  </rule>\n"
                               "  <rule action='accept' direction='in'>\n"
                               "    <mac srcmacaddr='$GATEWAY_MAC'/>\n"
                               "  </rule>\n"
                               "  <rule action='accept' direction='out'>\n"
                               "    <mac dstmacaddr='$GATEWAY_MAC'/>\n"
                               "  </rule>\n"
                               "  <filterref filter='no-other-l2-traffic'/>\n"
                               "  <filterref filter='qemu-announce-self'/>\n"
                               "</filter>\n" },
    { NULL, NULL },
};
