/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domxml-to-native loses nothing of a definition: what Xen's formats have no words for is refused
 * with its path; what means the same in other words, or was only filled in, is not.
 */
#include "fixture.h"

#include <string.h>

typedef enum { PV, HVM, PVH } Kind;

/* A guest of that kind; inside is what else is in its document. */
static char *document(Kind kind, const char *inside)
{
    static const char *const types[] = { "<type>linux</type><kernel>/k</kernel>",
                                         "<type>hvm</type>",
                                         "<type>xenpvh</type><kernel>/k</kernel>" };

    return g_strdup_printf("<domain type='xen'><name>n</name><memory unit='MiB'>512</memory>"
                           "<os>%s</os>%s</domain>",
                           types[kind], inside);
}

static char *convert(const char *xml, const char *format, GError **error)
{
    g_autoptr(DomainDef) def = test_define(xml, &test_xen_caps, error);

    g_assert_no_error(*error);
    return domain_def_to_native(def, format, error);
}

static char *convert_kind(Kind kind, const char *inside, const char *format, GError **error)
{
    g_autofree char *xml = document(kind, inside);

    return convert(xml, format, error);
}

static void assert_refused(const char *text, const GError *error, const char *inside,
                           const char *path)
{
    g_autofree char *end = g_strdup_printf("(%s)", path);

    if (text != NULL)
        g_error("%s is lost: %s", inside, text);
    g_assert_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_UNSUPPORTED);
    if (!g_str_has_suffix(error->message, end))
        g_error("%s: %s", inside, error->message);
}

#define DISK(inside)                                                                               \
    "<devices><disk type='file'><source file='/a'/><target dev='xvda'/>" inside "</disk></"        \
    "devices>"
#define HVM_DISK(inside)                                                                           \
    "<devices><disk type='file'><source file='/a'/><target dev='hda'/>" inside "</disk></devices>"
#define NIC(inside)                                                                                \
    "<devices><interface type='bridge'><mac address='00:16:3e:00:00:01'/><source "                 \
    "bridge='b'/>" inside "</interface></devices>"

static void test_refused(void)
{
    static const struct {
        Kind kind;
        const char *inside, *path; /* below /domain */
    } cases[] = {
        /* the domain */
        { HVM, "<genid>6695eb01-f6a4-8304-79aa-97f2502e193f</genid>", "genid" },
        { HVM, "<maxMemory slots='2' unit='GiB'>2</maxMemory>", "maxMemory" },
        { PV, "<blkiotune><weight>500</weight></blkiotune>", "blkiotune/weight" },
        { PV, "<memtune><hard_limit unit='MiB'>900</hard_limit></memtune>", "memtune/hard_limit" },
        { HVM, "<memoryBacking><hugepages/></memoryBacking>", "memoryBacking/hugepages" },
        { HVM, "<memoryBacking><locked/></memoryBacking>", "memoryBacking/locked" },
        { PV, "<iothreads>2</iothreads>", "iothreads" },
        { PV, "<cputune><quota>5000</quota></cputune>", "cputune/quota" },
        { PV, "<cputune><emulatorpin cpuset='1'/></cputune>", "cputune/emulatorpin/@cpuset" },
        { PV, "<numatune><memory mode='strict' nodeset='0'/></numatune>", "numatune/memory/@mode" },
        { PV, "<resource><partition>/m</partition></resource>", "resource/partition" },
        { HVM, "<sysinfo type='smbios'><bios><entry name='vendor'>v</entry></bios></sysinfo>",
          "sysinfo[1]" },
        { HVM, "<features><hyperv><relaxed state='on'/></hyperv></features>",
          "features/hyperv/relaxed/@state" },
        { HVM, "<features><kvm><hidden state='on'/></kvm></features>",
          "features/kvm/hidden/@state" },
        { HVM, "<features><pmu state='off'/></features>", "features/pmu/@state" },
        { HVM, "<cpu mode='host-model'/>", "cpu/@mode" },
        { HVM, "<cpu mode='host-passthrough' migratable='off'/>", "cpu/@migratable" },
        { HVM, "<vcpu>2</vcpu><cpu><topology sockets='1' cores='2' threads='1'/></cpu>",
          "cpu/topology/@sockets" },
        { PV, "<clock offset='timezone' timezone='Europe/Berlin'/>", "clock/@offset" },
        { HVM, "<clock offset='absolute' start='1'/>", "clock/@offset" },
        { PV, "<clock offset='variable' adjustment='3'/>", "clock/@offset" },
        { HVM, "<clock offset='utc' adjustment='reset'/>", "clock/@adjustment" },
        { HVM, "<clock offset='utc'><timer name='rtc' tickpolicy='catchup'/></clock>",
          "clock/timer[1]" },
        { HVM,
          "<clock offset='utc'><timer name='hpet' present='yes'/>"
          "<timer name='tsc' mode='native' frequency='3000000'/></clock>",
          "clock/timer[2]/@frequency" },
        { PV, "<perf><event name='cpu_cycles' enabled='yes'/></perf>", "perf/event[1]" },

        /* disks */
        { PV, DISK("<boot order='1'/><iotune><total_iops_sec>9</total_iops_sec></iotune>"),
          "devices/disk[1]/iotune/total_iops_sec" },
        { PV, DISK("<transient/>"), "devices/disk[1]/transient" },
        { PV, DISK("<driver name='qemu' type='raw' io='native'/>"), "devices/disk[1]/driver/@io" },
        { PV, DISK("<driver name='qemu' type='raw' error_policy='stop'/>"),
          "devices/disk[1]/driver/@error_policy" },
        { HVM, HVM_DISK("<geometry cyls='9' heads='8' secs='7'/>"),
          "devices/disk[1]/geometry/@cyls" },
        { HVM, HVM_DISK("<blockio logical_block_size='4096'/>"),
          "devices/disk[1]/blockio/@logical_block_size" },
        { HVM, HVM_DISK("<address type='drive' controller='0' bus='1' unit='1'/>"),
          "devices/disk[1]/address/@bus" },
        { HVM,
          "<devices><disk><source file='/a'><encryption format='luks'>"
          "<secret type='passphrase' usage='a'/></encryption></source><target dev='hda'/>"
          "</disk></devices>",
          "devices/disk[1]/source/encryption/@format" },
        /* the second of two, and not because it stands elsewhere in the file */
        { PV,
          "<devices><disk><source file='/b'/><target dev='xvdb'/></disk>"
          "<disk><source file='/a'/><target dev='xvda'/><wwn>5000c50015ea71aa</wwn></disk>"
          "</devices>",
          "devices/disk[1]/wwn" },

        /* interfaces */
        { PV, NIC("<bandwidth><inbound average='9'/></bandwidth>"),
          "devices/interface[1]/bandwidth/inbound/@average" },
        { PV, NIC("<bandwidth><outbound average='9' peak='10'/></bandwidth>"),
          "devices/interface[1]/bandwidth/outbound/@peak" },
        { PV, NIC("<filterref filter='clean-traffic'/>"),
          "devices/interface[1]/filterref/@filter" },
        { HVM, NIC("<model type='virtio'/><driver name='vhost' queues='2'/>"),
          "devices/interface[1]/driver/@name" },
        { PV, NIC("<port isolated='yes'/>"), "devices/interface[1]/port/@isolated" },
        { HVM, "<devices><interface type='direct'><source dev='eth0'/></interface></devices>",
          "devices/interface[1]/@type" },
        { HVM,
          "<devices><interface type='hostdev'><mac address='00:16:3e:00:00:01'/>"
          "<source><address type='pci' bus='3' slot='16'/></source><vlan><tag id='7'/></vlan>"
          "</interface></devices>",
          "devices/interface[1]" },

        /* others */
        { HVM, "<devices><controller type='scsi' model='virtio-scsi'/></devices>",
          "devices/controller[1]" },
        { HVM,
          "<devices><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/>"
          "</channel></devices>",
          "devices/channel[1]" },
        { HVM, "<devices><serial type='pty'><log file='/l'/></serial></devices>",
          "devices/serial[1]/log/@file" },
        { HVM, "<devices><parallel type='pty'/><parallel type='pty'/></devices>",
          "devices/parallel[2]" },
        { HVM, "<devices><input type='keyboard' bus='virtio'/></devices>", "devices/input[1]" },
        { HVM, "<devices><tpm model='tpm-crb'><backend type='emulator'/></tpm></devices>",
          "devices/tpm[1]" },
        { HVM, "<devices><rng model='virtio'><backend model='random'/></rng></devices>",
          "devices/rng[1]" },
        { HVM,
          "<devices><watchdog model='i6300esb' action='pause'><address type='pci' slot='9'/>"
          "</watchdog><smartcard mode='host'/></devices>",
          "devices/smartcard[1]" },
        { HVM, "<devices><panic model='isa'/></devices>", "devices/panic[1]" },
        { HVM, "<devices><vsock model='virtio'><cid auto='yes'/></vsock></devices>",
          "devices/vsock/@model" },
        { HVM, "<devices><memballoon model='virtio'/></devices>", "devices/memballoon/@model" },
        { HVM,
          "<devices><graphics type='vnc' port='5901' autoport='no' passwd='p' "
          "passwdValidTo='2030-01-01T00:00:00'/></devices>",
          "devices/graphics[1]/@passwdValidTo" },
        { HVM, "<devices><graphics type='vnc'/><video><model type='vmvga'/></video></devices>",
          "devices/video[1]/model/@type" },
        { HVM, "<devices><sound model='ich6'><codec type='output'/></sound></devices>",
          "devices/sound[1]/codec[1]" },
        { HVM,
          "<devices><hostdev mode='subsystem' type='pci'><source><address bus='3'/></source>"
          "<rom bar='off'/></hostdev></devices>",
          "devices/hostdev[1]/rom/@bar" },
        { HVM,
          "<devices><redirdev bus='usb' type='tcp'><source mode='connect' host='h' "
          "service='4'/></redirdev></devices>",
          "devices/redirdev[1]" },
        { HVM,
          "<devices><filesystem type='mount'><source dir='/d'/><target dir='t'/>"
          "</filesystem></devices>",
          "devices/filesystem[1]" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = convert_kind(cases[i].kind, cases[i].inside, "xen-xl", &error);
        g_autofree char *path = g_strconcat("/domain/", cases[i].path, NULL);

        assert_refused(text, error, cases[i].inside, path);
    }
}

/* xm knows less than xl. */
static void test_refused_xm(void)
{
    static const struct {
        Kind kind;
        const char *inside, *path;
    } cases[] = {
        { PV, DISK("<driver name='qemu' type='raw' cache='none'/>"),
          "/domain/devices/disk[1]/driver/@cache" },
        { HVM, HVM_DISK("<boot order='1'/>"), "/domain/devices/disk[1]/boot/@order" },
        { PV, DISK("<serial>S</serial>"), "/domain/devices/disk[1]/serial" },
        { PV, DISK("<driver name='qemu' type='raw' discard='unmap'/>"),
          "/domain/devices/disk[1]/driver/@discard" },
        { PV, "<devices><disk><source file='/a,b'/><target dev='xvda'/></disk></devices>",
          "/domain/devices/disk[1]/source" },
        { HVM,
          "<devices><disk type='network'><source protocol='nbd' name='e'><host name='h'/>"
          "</source><target dev='hda'/></disk></devices>",
          "/domain/devices/disk[1]/source" },
        { HVM, "<devices><serial type='pty'/><serial type='pty'/></devices>",
          "/domain/devices/serial[2]" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = convert_kind(cases[i].kind, cases[i].inside, "xen-xm", &error);

        assert_refused(text, error, cases[i].inside, cases[i].path);
    }
}

static void test_not_refused(void)
{
    static const struct {
        Kind kind;
        const char *inside;
    } cases[] = {
        { PV, "<title>t</title><description>d</description>"
              "<metadata><a:b xmlns:a='http://a/'/></metadata>" },
        /* in other words */
        { PV, "<memory unit='KiB'>500001</memory>" },
        { HVM, "<clock offset='localtime'/>" },
        { HVM, "<clock offset='utc'><timer name='hpet' present='no'/>"
               "<timer name='tsc' mode='paravirt'/></clock>" },
        { PV, "<vcpu cpuset='0-3'>2</vcpu><cputune><vcpupin vcpu='1' cpuset='2'/></cputune>" },
        { PV, "<vcpu>3</vcpu><cputune><vcpupin vcpu='2' cpuset='1'/>"
              "<vcpupin vcpu='0' cpuset='0'/></cputune>" },
        { HVM, "<cpu mode='host-passthrough' check='none' migratable='on'>"
               "<feature policy='require' name='ht'/><feature policy='forbid' name='nx'/></cpu>" },
        { PV, "<bootloader>pygrub</bootloader><bootloader_args>-q   --entry=2</bootloader_args>" },
        { HVM, "<devices><input type='mouse' bus='ps2'/><input type='tablet' bus='usb'/>"
               "</devices>" },
        { HVM, "<devices><hostdev mode='subsystem' type='usb'><source><address bus='1' "
               "device='2'/></source></hostdev><hostdev mode='subsystem' type='pci'><source>"
               "<address bus='3'/></source></hostdev></devices>" },
        { PV,
          "<devices><hostdev mode='subsystem' type='pci' managed='yes'><source><address bus='3'/>"
          "</source></hostdev><hostdev mode='subsystem' type='usb'><source><address bus='12' "
          "device='31'/></source></hostdev></devices>" },
        { HVM, "<devices><serial type='udp'><source mode='connect' host='h' service='7'/>"
               "<source mode='bind' host='b' service='8'/></serial></devices>" },
        { PV, DISK("<driver name='tap' type='vpc'/>") },
        { HVM, "<devices><graphics type='vnc'/><video><model type='qxl' ram='65536' vram='65536'/>"
               "</video></devices>" },
        { HVM, "<devices><controller type='usb' index='0' model='nec-xhci' ports='8'/>"
               "<controller type='usb' index='1' model='ich9-ehci1'/></devices>" },
        { PV, "<devices><disk><driver name='qemu' type='raw' discard='ignore'/><source file='/a'/>"
              "<target dev='xvda'/><readonly/></disk></devices>" },
        { HVM, "<devices><graphics type='spice' autoport='yes'><image compression='glz'/>"
               "<streaming mode='all'/><clipboard copypaste='no'/></graphics></devices>" },
        { HVM, "<devices><interface type='hostdev'><mac address='00:16:3e:00:00:01'/><source>"
               "<address type='pci' bus='3' slot='16'/></source></interface></devices>" },
        /* as it is in any case */
        { HVM, "<features><hap state='on'/><xen><passthrough state='off'/></xen></features>" },
        { HVM, "<devices><controller type='pci' index='0' model='pci-root'/></devices>" },
        { PV, NIC("<link state='up'/><alias name='ua-a'/>") },
        /* nothing to such a guest */
        { PV, "<features><acpi/><apic/><pae/></features><cpu mode='host-model'/>" },
        { PV, "<devices><emulator>/e</emulator><serial type='pty'/>"
              "<input type='tablet' bus='usb'/></devices>" },
        { PVH, "<features><acpi/></features><genid/>" },
        { PV, "<on_lockfailure>pause</on_lockfailure>" },
    };
    static const char *const formats[] = { "xen-xl", "xen-xm" };

    for (guint i = 0; i < G_N_ELEMENTS(cases) * G_N_ELEMENTS(formats); i++) {
        guint n = i / G_N_ELEMENTS(formats);
        g_autoptr(GError) error = NULL;
        g_autofree char *text = convert_kind(cases[n].kind, cases[n].inside,
                                             formats[i % G_N_ELEMENTS(formats)], &error);

        if (text == NULL)
            g_error("%s: %s", cases[n].inside, error->message);
    }
}

/* A domain that runs has more in its document than its definition, and converts as that does. */
static void check_live(const char *path)
{
    static const char *const ttys[] = { "/dev/pts/7", "/dev/pts/8", NULL };
    const DomainLive live = {
        .domid = 7, .console_ttys = ttys, .serial_ttys = ttys, .vnc_port = 5905, .spice_port = 5908
    };
    g_autofree char *xml = test_read(path);
    g_autoptr(GError) error = NULL, live_error = NULL;

    g_test_message("%s", path);
    g_autoptr(DomainDef) def = test_define(xml, &test_xen_caps, &error);
    g_assert_no_error(error);
    g_autofree char *text = domain_def_to_native(def, "xen-xl", &error);
    domain_def_set_live(def, &live);
    g_autofree char *live_xml = domain_def_format(def, DOMAIN_XML_FORMAT_SECURE);
    g_autofree char *live_text = convert(live_xml, "xen-xl", &live_error);
    g_assert_cmpstr(live_text, ==, text);
    g_assert_cmpstr(live_error != NULL ? live_error->message : "", ==,
                    error != NULL ? error->message : "");
}

static void test_live(void)
{
    test_each_file(TEST_DATA "/virt-install", ".xml", check_live);
}

/* Ten thousand devices in an order that is not the file's. */
static void test_many(void)
{
    g_autoptr(GString) devices = g_string_new("<devices>");
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 5000; i++)
        g_string_append_printf(devices,
                               "<hostdev mode='subsystem' type='usb'><source><address bus='%u' "
                               "device='%u'/></source></hostdev>"
                               "<hostdev mode='subsystem' type='pci'><source><address bus='%u' "
                               "slot='%u'/></source></hostdev>",
                               1 + i / 100, 1 + i % 100, i / 32, i % 32);
    g_string_append(devices, "</devices>");
    g_autofree char *text = convert_kind(HVM, devices->str, "xen-xl", &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(text, "0000:9c:07.0"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/domain-xml/native-loss/refused", test_refused);
    g_test_add_func("/domain-xml/native-loss/refused-xm", test_refused_xm);
    g_test_add_func("/domain-xml/native-loss/not-refused", test_not_refused);
    g_test_add_func("/domain-xml/native-loss/live", test_live);
    g_test_add_func("/domain-xml/native-loss/many", test_many);
    return g_test_run();
}
