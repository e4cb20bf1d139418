/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc-generator.h"

#define U(n) "00000000-0000-0000-0000-00000000000" #n

const char *const dictionary_uuids[] = { U(0), U(1), U(2), U(3), U(4), U(5), U(6), U(7) };
const guint dictionary_uuids_len = G_N_ELEMENTS(dictionary_uuids);

#define DOMAIN(name, uuid, more)                                                                   \
    "<domain type='xen'><name>" name "</name><uuid>" uuid "</uuid><memory>65536</memory>"          \
    "<vcpu current='1'>2</vcpu><os><type>linux</type><kernel>/k</kernel></os><devices>"            \
    "<disk type='file' device='disk'><source file='%DIR%/disk'/><target dev='xvda'/></disk>"       \
    "<interface type='network'><source network='n'/></interface><console type='pty'/>" more        \
    "</devices></domain>"

const char *const dictionary_words[] = {
    /* names of what may be there */
    "a",
    "b",
    "n",
    "p",
    "v",
    "s",
    "Domain-0",
    "xvda",
    "xvdb",
    "vda",
    "hda",
    "f",
    "c",
    "w",
    "lo",
    "virbr7",
    "computer",
    "net_lo_00_00_00_00_00_00",
    "net",
    "system",
    "console0",
    "org.qemu.guest_agent.0",
    "default",
    "snap",
    "check",
    U(1),
    U(2),
    U(3),
    /* no names */
    "",
    " ",
    "\n",
    "..",
    "../../x",
    "a/b",
    "\xff\xfe",
    "%s%n",
    "<",
    "&amp;",
    "0",
    "-1",
    "99999999999999999999",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    /* files */
    "%DIR%/disk",
    "%DIR%/pool/v",
    "%DIR%/pool",
    "%DIR%/saved",
    "%DIR%/new",
    "%DIR%/no/such",
    /* URIs, words */
    "xen:///system",
    "xen-xl",
    "xen-xm",
    "xen",
    "linux",
    "hvm",
    "x86_64",
    "eth0",
    "raw",
    "qcow2",
    "{\"execute\":\"guest-info\"}",
    "{",
    "info status",
    /* typed parameters */
    "weight",
    "cap",
    "cpu_shares",
    "vcpu_period",
    "vcpu_quota",
    "hard_limit",
    "soft_limit",
    "numa_nodeset",
    "numa_mode",
    "inbound.average",
    "outbound.peak",
    "read_bytes_sec",
    "total_bytes_sec",
    "total_iops_sec_max",
    "group_name",
    "bandwidth",
    "granularity",
    "buf_size",
    "poll_max_ns",
    "device_weight",
    "device_read_bytes_sec",
    "/dev/null,100",
    "/dev/null,0,/dev/zero,5",
    "sev-secret",
    "0-1",
    "^0,1-3",
    "user-name",
    "unix-user-id",
    "file",
    "dxml",
    "maxWorkers",
    "minWorkers",
    "nclients_max",
};
const guint dictionary_words_len = G_N_ELEMENTS(dictionary_words);

const char *const dictionary_documents[] = {
    DOMAIN("a", U(1), ""),
    DOMAIN("b", U(2), "<channel type='unix'><target type='xen' name='c'/></channel>"),
    DOMAIN("c", U(3), "<graphics type='vnc' autoport='yes'/><video><model type='xen'/></video>"),
    "<domain "
    "type='xen'><name>h</name><uuid>" U(
        7) "</uuid><memory>131072</memory><os><type>hvm</type></os><devices/></domain>",
    "<disk type='file' device='disk'><source file='%DIR%/new'/><target dev='xvdb'/></disk>",
    "<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>",
    "<interface type='network'><mac address='00:16:3e:00:00:01'/><source network='n'/></interface>",
    "<interface type='bridge'><source bridge='virbr7'/></interface>",
    "<console type='pty'/>",
    "<graphics type='vnc' passwd='x'/>",
    "<memballoon model='none'/>",
    "<network><name>n</name><uuid>" U(
        4) "</uuid><bridge name='virbr7'/>"
           "<ip address='192.168.7.1' netmask='255.255.255.0'><dhcp>"
           "<range start='192.168.7.2' end='192.168.7.9'/></dhcp></ip></network>",
    "<network><name>m</name><forward mode='bridge'/><bridge name='lo'/></network>",
    "<host mac='00:16:3e:00:00:02' name='x' ip='192.168.7.5'/>",
    "<networkport><uuid>" U(6) "</uuid><owner><name>a</name><uuid>" U(
        1) "</uuid></owner>"
           "<plug type='network' bridge='virbr7'/></networkport>",
    "<pool type='dir'><name>p</name><uuid>" U(
        5) "</uuid><target><path>%DIR%/pool</path></target></pool>",
    "<pool type='dir'><name>q</name><target><path>%DIR%/no/such</path></target></pool>",
    "<pool type='fs'><name>f</name><source><device path='/dev/null'/></source>"
    "<target><path>%DIR%/new</path></target></pool>",
    "<volume><name>v</name><capacity>1048576</capacity><target><format "
    "type='raw'/></target></volume>",
    "<volume><name>w</name><capacity unit='K'>64</capacity><allocation>0</allocation></volume>",
    "<source><host name='localhost'/></source>",
    "<secret ephemeral='no' private='yes'><uuid>" U(
        6) "</uuid><usage type='volume'>"
           "<volume>%DIR%/disk</volume></usage></secret>",
    "<domainsnapshot><name>snap</name><memory snapshot='no'/></domainsnapshot>",
    "<domainsnapshot><disks><disk name='xvda' snapshot='external'><source "
    "file='%DIR%/snap'/></disk>"
    "</disks></domainsnapshot>",
    "<domaincheckpoint><name>check</name></domaincheckpoint>",
    "<domainbackup/>",
    "<filter name='f' chain='root'><rule action='drop' direction='inout'><all/></rule></filter>",
    "<filterbinding><owner><name>a</name><uuid>" U(
        1) "</uuid></owner><portdev name='lo'/>"
           "<mac address='00:16:3e:00:00:01'/><filterref filter='f'/></filterbinding>",
    "<device><name>mdev</name><parent>computer</parent><capability type='mdev'/></device>",
    "<interface type='bridge' name='br7'><bridge/></interface>",
    "<interface type='ethernet' name='lo'><start mode='onboot'/><protocol "
    "family='ipv4'><dhcp/></protocol></interface>",
    "<device><parent>computer</parent><capability type='scsi_host'><capability "
    "type='fc_host'/></capability></device>",
    "<sources><device path='/dev/null'/></sources>",
    "<cpu mode='custom' match='exact'><model>qemu64</model></cpu>",
    "<cpu><arch>x86_64</arch></cpu>",
    "<x:y xmlns:x='urn:x'>1</x:y>",
    "urn:x",
    "name = \"g\"\nkernel = \"/k\"\nmemory = 64\ndisk = ['phy:/dev/null,xvda,w']\n",
};
const guint dictionary_documents_len = G_N_ELEMENTS(dictionary_documents);
