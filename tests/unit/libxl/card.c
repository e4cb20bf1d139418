/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "card.h"

#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

/* "show dev CARD" and "link set dev CARD vf 1 mac MAC vlan VLAN", in the words of iproute2 6.1
 * (ip/ipaddress.c, print_vfinfo): a tag of 0 is not printed, neither is a list that the kernel does
 * not give. By then the kernel has given a function that it was asked to probe again to the driver
 * of its override. */
#define IP                                                                                         \
    "#!/bin/sh\n"                                                                                  \
    "cd '%s' || exit 1\n"                                                                          \
    "read mac vlan < card\n"                                                                       \
    "number=1\n"                                                                                   \
    "[ ! -e number ] || read number < number\n"                                                    \
    "if [ \"$3\" = show ]; then\n"                                                                 \
    "  printf "                                                                                    \
    "'[{\"ifindex\":3,\"ifname\":\"%%s\",\"flags\":[\"BROADCAST\",\"UP\"],\"mtu\":1500,' \"$5\"\n" \
    "  printf '\"link_type\":\"ether\"'\n"                                                         \
    "  printf ',\"address\":\"a0:36:9f:00:00:01\",\"broadcast\":\"ff:ff:ff:ff:ff:ff\"'\n"          \
    "  all='\"rate\":{\"max_tx\":0,\"min_tx\":0},\"spoofchk\":true,\"link_state\":\"auto\"'\n"     \
    "  [ -e functions ] && read n < functions || n=2\n"                                            \
    "  [ \"$n\" = 0 ] || printf ',\"vfinfo_list\":['\n"                                            \
    "  i=0\n"                                                                                      \
    "  while [ $i -lt $n ]; do\n"                                                                  \
    "    list='{}' address=00:00:00:00:00:00\n"                                                    \
    "    if [ $i = $number ]; then\n"                                                              \
    "      address=$mac\n"                                                                         \
    "      [ \"$vlan\" = 0 ] || list=\"{\\\"vlan\\\":$vlan}\"\n"                                   \
    "    fi\n"                                                                                     \
    "    printf '{\"vf\":%%s,\"link_type\":\"ether\",\"address\":\"%%s\",' $i $address\n"          \
    "    printf '\"broadcast\":\"ff:ff:ff:ff:ff:ff\",'\n"                                          \
    "    i=$((i + 1))\n"                                                                           \
    "    printf '\"vlan_list\":[%%s],%%s}' \"$list\" \"$all\"\n"                                   \
    "    [ $i = $n ] || printf ,\n"                                                                \
    "  done\n"                                                                                     \
    "  [ \"$n\" = 0 ] || printf ']'\n"                                                             \
    "  printf '}]\\n'\n"                                                                           \
    "  exit\n"                                                                                     \
    "fi\n"                                                                                         \
    "read driver < " FUNCTION "/driver_override\n"                                                 \
    "[ -z \"$driver\" ] || ln -sfn \"$PWD/bus/pci/drivers/$driver\" " FUNCTION "/driver\n"         \
    "if [ -e refuse ] && grep -q \"$8\" refuse; then\n"                                            \
    "  echo 'RTNETLINK answers: Invalid argument' >&2\n"                                           \
    "  exit 2\n"                                                                                   \
    "fi\n"                                                                                         \
    "echo \"$*\" >> log\n"                                                                         \
    "echo \"$8 ${10}\" > card\n"

char *card_path(const Card *card, const char *path)
{
    return g_build_filename(card->dir, path, NULL);
}

void card_put(const Card *card, const char *path, const char *text)
{
    g_autofree char *full = card_path(card, path);
    g_autofree char *dir = g_path_get_dirname(full);

    g_mkdir_with_parents(dir, 0700);
    g_assert_true(g_file_set_contents(full, text, -1, NULL));
}

void card_link(const Card *card, const char *path, const char *target)
{
    g_autofree char *full = card_path(card, path), *to = card_path(card, target);
    g_autofree char *dir = g_path_get_dirname(full);

    g_mkdir_with_parents(dir, 0700);
    g_mkdir_with_parents(to, 0700);
    unlink(full);
    g_assert_cmpint(symlink(to, full), ==, 0);
}

void card_check(const Card *card, const char *path, const char *text)
{
    g_autofree char *full = card_path(card, path);
    g_autofree char *is = kxl_file_read(full, NULL);

    g_assert_cmpstr(is ? is : "", ==, text);
}

void card_remove(const Card *card, const char *path)
{
    g_autofree char *full = card_path(card, path);

    kxl_remove_tree(full);
}

static void add_ip(Card *card)
{
    g_autofree char *script = g_strdup_printf(IP, card->dir), *ip = card_path(card, "bin/ip");
    g_autofree char *path = NULL;

    card_put(card, "bin/ip", script);
    g_assert_cmpint(chmod(ip, 0700), ==, 0);
    card->path = g_strdup(g_getenv("PATH"));
    path = g_strdup_printf("%s/bin:%s", card->dir, card->path);
    g_setenv("PATH", path, TRUE);
}

void card_make(Card *card)
{
    card->dir = g_dir_make_tmp("kxl-card-XXXXXX", NULL);
    card_put(card, FUNCTION "/driver_override", "\n");
    card_put(card, "bus/pci/drivers_probe", "");
    card_put(card, "bus/pci/drivers/ixgbevf/unbind", "");
    card_put(card, "bus/pci/drivers/vfio-pci/unbind", "");
    card_put(card, CARD "/net/ens3/ifindex", "3\n");
    card_link(card, FUNCTION "/driver", "bus/pci/drivers/ixgbevf");
    card_link(card, FUNCTION "/iommu_group", "kernel/iommu_groups/7");
    card_link(card, "kernel/iommu_groups/7/devices/0000:03:10.1", FUNCTION);
    card_link(card, FUNCTION "/physfn", CARD);
    card_link(card, CARD "/virtfn0", "bus/pci/devices/0000:03:10.0");
    card_link(card, CARD "/virtfn1", FUNCTION);
    card_put(card, "card", "00:00:00:00:00:00 0\n");
    add_ip(card);
}

void card_clear(Card *card)
{
    g_setenv("PATH", card->path, TRUE);
    kxl_remove_tree(card->dir);
    g_free(card->path);
    g_free(card->dir);
}
