#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""domain_xml.py [BUILD]: instructions to define and dump a typical document, here and in stock libvirt.

libvirt's figure is its test driver's, which runs inside virsh: the same parser, completion and formatter. Both are counted
by callgrind for two numbers of repetitions, so that starting the process does not count. Needs valgrind and virsh.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FEW, MANY = 10, 60


def instructions(command):
    """Instructions executed by a command, by callgrind's count."""
    with tempfile.NamedTemporaryFile() as out:
        run = subprocess.run(['valgrind', '--tool=callgrind', f'--callgrind-out-file={out.name}', *command],
                             capture_output=True, text=True, timeout=600, check=False)
    if run.returncode != 0:
        sys.exit(f'{command[0]} failed: {run.stderr[-500:]}')
    return int(re.search(r'Collected : (\d+)', run.stderr).group(1))


def each(make_command):
    return (instructions(make_command(MANY)) - instructions(make_command(FEW))) // (MANY - FEW)


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent.parent / 'build')
    document = HERE / 'typical.xml'
    with tempfile.NamedTemporaryFile('w', suffix='.xml') as theirs:
        theirs.write(document.read_text().replace("type='xen'", "type='test'"))
        theirs.flush()
        ours = each(lambda n: [build / 'tests/bench/bench-domain-xml', document, str(n)])
        libvirt = each(lambda n: ['virsh', '-q', '-c', 'test:///default',
                                  f'define {theirs.name}; dumpxml --inactive typical;' * n])
    print(f'document         {document.stat().st_size:>10} bytes')
    print(f'here             {ours:>10} instructions')
    print(f'libvirt          {libvirt:>10} instructions')
    print(f'ratio            {ours / libvirt:>10.3f}')


if __name__ == '__main__':
    main()
