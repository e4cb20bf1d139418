/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory devices, chipsets, firmware and what the host gives: what is refused of them, and why.
 * Golden files show what they become. */
#include "fixture.h"

#include <string.h>

#define XML                                                                                        \
    "<domain type='xen'><name>x</name>%s<memory unit='GiB'>1</memory><os>"                         \
    "<type machine='%s'>%s</type>%s</os>%s<devices>%s</devices></domain>"

#define SLOTS            "<maxMemory slots='2' unit='GiB'>4</maxMemory>"
#define DIMM(more)       "<memory model='dimm'><target><size unit='MiB'>64</size>" more "</target></memory>"
#define VIRTIO_MEM(rest) "<memory model='virtio-mem'><target><size unit='MiB'>64</size>" rest "</target></memory>"
#define CELLS(inside, after)                                                                       \
    "<cpu><numa><cell id='0' cpus='0' memory='524288'>" inside                                     \
    "</cell><cell id='1' memory='524288'/>" after "</numa></cpu>"
#define CACHE(level)                                                                               \
    "<cache level='" level "' associativity='none' policy='none'><size value='1'/>"                \
    "<line value='64' unit='B'/></cache>"
#define LINK(name, rest) "<interconnects><" name " " rest "/></interconnects>"

#define FEATURE(enabled, name)                                                                     \
    "<firmware><feature enabled='" enabled "' name='" name "'/></firmware>"

static const struct {
    const char *machine, *before, *os, *after, *devices;
    int code;
    const char *message;
} errors[] = {
    { "xenfv", "", "", "", DIMM(""), DOMAIN_XML_ERROR_UNSUPPORTED,
      "cannot use/hotplug a memory device when domain 'maxMemory' is not defined "
      "(/domain/devices/memory[1])" },
    { "xenpv", SLOTS, "", "", DIMM(""), DOMAIN_XML_ERROR_UNSUPPORTED,
      "memory devices are for hvm domains only (/domain/devices/memory)" },
    { "xenfv", SLOTS, "", "", DIMM("") DIMM("") DIMM(""), DOMAIN_XML_ERROR_UNSUPPORTED,
      "memory device count '3' exceeds slots count '2'" },
    { "xenfv", SLOTS, "", "", DIMM("<node>1</node>"), DOMAIN_XML_ERROR_UNSUPPORTED,
      "can't add memory backend for guest node '1' as the guest has only '0' NUMA nodes "
      "configured (/domain/devices/memory[1]/target/node)" },
    { "xenfv", SLOTS, "", CELLS("", ""), DIMM(""), DOMAIN_XML_ERROR_SYNTAX,
      "target NUMA node needs to be specified for memory device "
      "(/domain/devices/memory[1]/target)" },
    { "xenfv", SLOTS, "", "",
      "<memory model='dimm'><target><size unit='GiB'>1</size></target></memory>",
      DOMAIN_XML_ERROR_SYNTAX, "Total size of memory devices exceeds the total memory size" },
    { "xenfv", SLOTS, "", "", "<memory model='dimm'><target><size>0</size></target></memory>",
      DOMAIN_XML_ERROR_SYNTAX,
      "missing or invalid size of a memory device (/domain/devices/memory, line 1)" },
    { "xenfv", SLOTS, "", "", "<memory model='sgx-epc'/>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "'sgx-epc' is not supported (/domain/devices/memory/@model, line 1)" },
    { "xenfv", SLOTS, "", "",
      "<memory model='nvdimm'><target><size unit='MiB'>64</size></target></memory>",
      DOMAIN_XML_ERROR_SYNTAX,
      "path is required for model 'nvdimm' (/domain/devices/memory, line 1)" },
    { "xenfv", SLOTS, "", "",
      "<memory model='nvdimm'><source><path>/n</path></source><target><size>1024</size>"
      "<label><size>1024</size></label></target></memory>",
      DOMAIN_XML_ERROR_SYNTAX,
      "label size must be smaller than NVDIMM size (/domain/devices/memory, line 1)" },
    { "xenfv", SLOTS, "", "", VIRTIO_MEM("<block>3</block>"), DOMAIN_XML_ERROR_SYNTAX,
      "block size must be a power of two (/domain/devices/memory, line 1)" },
    { "xenfv", SLOTS, "", "", VIRTIO_MEM("<block>2048</block><requested>1024</requested>"),
      DOMAIN_XML_ERROR_SYNTAX,
      "requested size must be an integer multiple of block size (/domain/devices/memory, line 1)" },
    { "xenfv", SLOTS, "", "",
      VIRTIO_MEM("<block>2048</block><requested unit='MiB'>128</requested>"),
      DOMAIN_XML_ERROR_SYNTAX,
      "requested size must be smaller than or equal to @size (/domain/devices/memory, line 1)" },
    { "xenfv", SLOTS, "", "",
      "<memory model='dimm'><target><size>65536</size></target>"
      "<address type='dimm' slot='2'/></memory>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "memory device slot '2' exceeds slots count '2' "
      "(/domain/devices/memory[1]/address/@slot)" },
    { "xenfv", SLOTS, "", "",
      "<memory model='dimm'><target><size>65536</size></target>"
      "<address type='dimm' slot='0' base='0xfoo'/></memory>",
      DOMAIN_XML_ERROR_SYNTAX,
      "Invalid value for attribute 'base' in element 'address': '0xfoo' "
      "(/domain/devices/memory/address/@base, line 1)" },

    { "xenfv", "", "", CELLS(CACHE("1") CACHE("1"), ""), "", DOMAIN_XML_ERROR_SYNTAX,
      "Duplicate cache level 1" },
    { "xenfv", "", "", CELLS(CACHE("2"), ""), "", DOMAIN_XML_ERROR_SYNTAX,
      "NUMA cell 0: cache levels must start from 1 and have no gap" },
    { "xenfv", "", "", CELLS(CACHE("1"), ""), "", DOMAIN_XML_ERROR_UNSUPPORTED,
      "caches of NUMA cells need <interconnects> beside them (/domain/cpu/numa/interconnects)" },
    { "xenfv", "", "",
      CELLS("", LINK("latency", "initiator='1' target='0' type='access' value='5'")), "",
      DOMAIN_XML_ERROR_SYNTAX, "NUMA nodes without CPUs can't be initiator" },
    { "xenfv", "", "",
      CELLS("", LINK("latency", "initiator='0' target='2' type='access' value='5'")), "",
      DOMAIN_XML_ERROR_SYNTAX, "'target' refers to a non-existent NUMA node" },
    { "xenfv", "", "",
      CELLS("", LINK("latency", "initiator='0' target='1' cache='1' type='access' value='5'")), "",
      DOMAIN_XML_ERROR_SYNTAX, "'cache' refers to a non-existent NUMA node cache" },
    { "xenfv", "", "",
      CELLS("", LINK("bandwidth", "initiator='0' target='1' type='read' value='1000'")), "",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "bandwidths must be whole MiB/s (/domain/cpu/numa/interconnects/bandwidth[1]/@value)" },

    { "xenfv", "", "", "", "<iommu model='intel'/>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "IOMMU device: 'intel' is only supported with Q35 machines (/domain/devices/iommu)" },
    { "q35", "", "", "", "<iommu model='smmuv3'/>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "'smmuv3' is not supported (/domain/devices/iommu/@model, line 1)" },
    { "q35", "", "", "", "<iommu model='virtio'><driver eim='on'/></iommu>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "iommu model 'virtio' doesn't support additional attributes "
      "(/domain/devices/iommu/driver)" },
    { "q35", "", "", "", "<iommu model='intel'><driver intremap='on'/></iommu>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "IOMMU interrupt remapping requires split I/O APIC (ioapic driver='qemu') "
      "(/domain/devices/iommu/driver/@intremap)" },
    { "q35", "", "", "", "<iommu model='intel'><driver eim='on'/></iommu>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "IOMMU eim requires interrupt remapping to be enabled "
      "(/domain/devices/iommu/driver/@eim)" },
    { "xenfv", "", "<loader secure='yes' type='pflash'>/o.fd</loader>", "", "",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "Secure boot is not supported on Xen, but by machine 'q35' (/domain/os/loader/@secure)" },
    { "q35", "", FEATURE("yes", "secure-boot"), "", "", DOMAIN_XML_ERROR_UNSUPPORTED,
      "cannot use feature-based firmware autoselection when firmware autoselection is disabled "
      "(/domain/os/firmware)" },
    { "q35", "", "<loader secure='yes' type='pflash'>/o.fd</loader>",
      "<features><smm state='off'/></features>", "", DOMAIN_XML_ERROR_UNSUPPORTED,
      "Secure boot requires SMM feature enabled (/domain/features/smm)" },

    { "xenpv", "", "", "",
      "<hostdev type='scsi'><source><adapter name='scsi_host0'/>"
      "<address bus='0' target='0' unit='0'/></source></hostdev>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "hostdev subsys type 'scsi' not supported (/domain/devices/hostdev[1]/@type)" },
    { "xenfv", "", "", "", "<hostdev type='scsi'><source protocol='iscsi'/></hostdev>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "'iscsi' is not supported (/domain/devices/hostdev/source/@protocol, line 1)" },
    { "xenfv", "", "", "", "<hostdev type='mdev' model='vfio-ap'/>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "'vfio-ap' is not supported (/domain/devices/hostdev/@model, line 1)" },
    { "xenfv", "", "", "",
      "<hostdev type='mdev' model='vfio-pci' ramfb='on'><source>"
      "<address uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source></hostdev>",
      DOMAIN_XML_ERROR_SYNTAX,
      "ramfb can only be enabled along with the display of a hostdev "
      "(/domain/devices/hostdev, line 1)" },
    { "xenfv", "", "", "",
      "<hostdev type='scsi_host'><source protocol='vhost' wwpn='5'/></hostdev>",
      DOMAIN_XML_ERROR_SYNTAX,
      "malformed 'wwpn' value, not 'naa.' and 16 hexadecimal digits "
      "(/domain/devices/hostdev, line 1)" },
    { "xenfv", "", "", "",
      "<interface type='vhostuser'><source type='unix' path='/s' mode='client'/>"
      "<model type='virtio'/></interface>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "'vhostuser' requires shared memory (/domain/devices/interface[1])" },
    { "xenfv", "", "", "",
      "<interface type='vhostuser'><source type='unix' path='/s' mode='client'/>"
      "<model type='e1000'/></interface>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "Wrong or no <model> 'type' attribute specified with <interface type='vhostuser'/>. "
      "vhostuser requires the virtio-net* frontend (/domain/devices/interface[1]/model)" },
    { "xenfv", "", "", "",
      "<filesystem><driver type='virtiofs'/><source dir='/d'/><target dir='t'/></filesystem>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "virtiofs without the socket of a virtiofsd that runs already is not supported "
      "(/domain/devices/filesystem, line 1)" },
    { "xenfv", "", "", "",
      "<filesystem><driver type='virtiofs'/><source socket='/s'/><target dir='t'/></filesystem>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "'virtiofs' requires shared memory (/domain/devices/filesystem[1])" },
    { "xenfv", "", "", "",
      "<video><driver packed='on'/><model type='vga'/></video>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "packed driver option is only supported for virtio devices "
      "(/domain/devices/video[1]/driver/@packed)" },
    { "xenfv", "", "", "", "<video><model type='ramfb'/><acpi index='1'/></video>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "ACPI index is only supported for PCI devices (/domain/devices/video[1]/acpi/@index)" },
    { "xenfv", "", "", "", "<input type='tablet' bus='usb'><driver iommu='on'/></input>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "iommu driver option is only supported for virtio devices "
      "(/domain/devices/input[1]/driver/@iommu)" },
    { "xenfv", "", "", "", "<input type='tablet' bus='usb'><acpi index='1'/></input>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "ACPI index is only supported for PCI devices (/domain/devices/input[1]/acpi/@index)" },
    { "xenfv", "", "", "", "<memballoon model='xen'><driver ats='on'/></memballoon>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "ats driver option is only supported for virtio devices "
      "(/domain/devices/memballoon[1]/driver/@ats)" },
    { "xenfv", "", "", "", "<interface type='user' trustGuestRxFilters='yes'/>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "'yes' is not supported (/domain/devices/interface/@trustGuestRxFilters, line 1)" },
    { "xenfv", "", "", "", "<watchdog model='i6300esb'><acpi index='1'/></watchdog>",
      DOMAIN_XML_ERROR_UNSUPPORTED, "/domain/devices/watchdog/acpi is not supported (line 1)" },

    { "q35", "", "", "", "<disk><source file='/d'/><target dev='hda'/></disk>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "IDE controllers are unsupported for this QEMU binary or machine type "
      "(/domain/devices/disk[1]/target/@bus)" },
    { "q35", "", "", "",
      "<controller type='pci' index='1' model='pcie-expander-bus'><target busNr='9'/></controller>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "/domain/devices/controller/target/@busNr is not supported (line 1)" },
    { "q35", "", "", "",
      "<controller type='pci' index='0' model='pcie-root'><pcihole64>0</pcihole64></controller>",
      DOMAIN_XML_ERROR_SYNTAX,
      "Invalid value for element 'pcihole64': '0'. Zero is not permitted "
      "(/domain/devices/controller/pcihole64, line 1)" },
};

static void test_errors(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(errors); i++) {
        const char *type = strcmp(errors[i].machine, "xenpv") == 0 ? "xen" : "hvm";
        g_autofree char *xml =
            g_strdup_printf(XML, errors[i].before, errors[i].machine, type, errors[i].os,
                            errors[i].after, errors[i].devices);
        g_autoptr(GError) error = NULL;
        g_autoptr(DomainDef) def = test_define(xml, &test_caps, &error);

        g_test_message("%s", xml);
        g_assert_null(def);
        g_assert_cmpstr(error->message, ==, errors[i].message);
        g_assert_error(error, DOMAIN_XML_ERROR, errors[i].code);
    }
}

/* A q35 board is an HVM guest's. */
static void test_machine(void)
{
    static const char xml[] = "<domain type='xen'><name>x</name><memory>65536</memory><os>"
                              "<type machine='q35'>xen</type></os></domain>";
    g_autoptr(GError) error = NULL;
    g_autoptr(DomainDef) def = test_define(xml, &test_caps, &error);

    g_assert_null(def);
    g_assert_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_UNSUPPORTED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/domain-xml/hardware/errors", test_errors);
    g_test_add_func("/domain-xml/hardware/machine", test_machine);
    return g_test_run();
}
