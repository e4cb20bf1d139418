/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kxl-kvm-probe: prints "kvm" when /dev/kvm runs 64-bit ring 0 code correctly and at speed, else
 * "tcg" and why. There are hosts whose KVM has no VT-x or SVM below it: it opens, runs real mode,
 * then interprets ring 0 a thousand times too slowly or dies on the first odd instruction. hv lives
 * in ring 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* All of it, device opening included; a working KVM needs some 10 ms. */
#define LIMIT_MS 1000

/* For the guest's million instructions, best of three: 1 ms on hardware, 30 to 100 ms on SVM
 * emulated by TCG, more than a second where KVM interprets. */
#define LOOP_LIMIT_MS 300
#define LOOP_TRIES    3

/* Guest physical = virtual addresses. */
enum {
    PML4 = 0x1000,
    PDPT = 0x2000,
    PD = 0x3000,
    IDT = 0x5000,
    DATA = 0x6000,
    CODE = 0x8000,
    STACK = 0x10000,
    MEMORY = 0x200000,
};

#define PORT        0x10
#define SAYS_BASICS 1
#define SAYS_LOOP   2

/* What hv does from its first microsecond on: a 16-byte compare and exchange, an exception and its
 * return, a CR3 load, an MSR; then work. */
__asm__(".pushsection .rodata\n"
        "probe_code:\n"
        "    movq $0x6000, %rdi\n"
        "    movq $1, %rax\n"
        "    movq $2, %rdx\n"
        "    movq $3, %rbx\n"
        "    movq $4, %rcx\n"
        "    lock cmpxchg16b (%rdi)\n"
        "    jnz 9f\n"
        "    cmpq $3, (%rdi)\n"
        "    jne 9f\n"
        "    cmpq $4, 8(%rdi)\n"
        "    jne 9f\n"
        "    int3\n"
        "    cmpq $1, 16(%rdi)\n"
        "    jne 9f\n"
        "    movq %cr3, %rax\n"
        "    movq %rax, %cr3\n"
        "    movl $0xc0000101, %ecx\n" /* MSR_GS_BASE */
        "    movl $0x12345678, %eax\n"
        "    xorl %edx, %edx\n"
        "    wrmsr\n"
        "    xorl %eax, %eax\n"
        "    rdmsr\n"
        "    cmpl $0x12345678, %eax\n"
        "    jne 9f\n"
        "    movb $1, %al\n"
        "    outb %al, $0x10\n"
        "2:  movl $333333, %ecx\n"
        "3:  addq %rcx, %rax\n"
        "    decl %ecx\n"
        "    jnz 3b\n"
        "    movb $2, %al\n"
        "    outb %al, $0x10\n"
        "    jmp 2b\n"
        "9:  movb $0xff, %al\n"
        "    outb %al, $0x10\n"
        "    hlt\n"
        "probe_int3:\n"
        "    incq 0x6010\n"
        "    iretq\n"
        "probe_end:\n"
        ".popsection\n");
extern const uint8_t probe_code[], probe_int3[], probe_end[];

typedef struct {
    int kvm, vm, vcpu;
    uint8_t *memory;
    struct kvm_run *run;
} Probe;

/* The child's last words, on its pipe. */
static void fail(int out, const char *what, int error_number)
{
    dprintf(out, "tcg %s%s%s", what, error_number ? ": " : "",
            error_number ? strerror(error_number) : "");
    _exit(0);
}

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* SDM 3A 6.14.1: a 64-bit interrupt gate. */
static void set_gate(uint8_t *memory, unsigned vector, uint64_t handler)
{
    uint64_t gate[2] = {
        (handler & 0xffff) | 0x08ULL << 16 | 0x8e00ULL << 32 | (handler >> 16 & 0xffff) << 48,
        handler >> 32,
    };

    memcpy(memory + IDT + vector * sizeof gate, gate, sizeof gate);
}

static void fill_memory(uint8_t *memory)
{
    const uint64_t table = 0x3, large = 0x83; /* present, writable; and a 2 MiB page */
    uint64_t entry;

    entry = PDPT | table;
    memcpy(memory + PML4, &entry, sizeof entry);
    entry = PD | table;
    memcpy(memory + PDPT, &entry, sizeof entry);
    entry = large;
    memcpy(memory + PD, &entry, sizeof entry);
    entry = 1;
    memcpy(memory + DATA, &entry, sizeof entry);
    entry = 2;
    memcpy(memory + DATA + 8, &entry, sizeof entry);
    memcpy(memory + CODE, probe_code, (size_t)(probe_end - probe_code));
    set_gate(memory, 3, CODE + (uint64_t)(probe_int3 - probe_code));
}

static void make_vm(Probe *p, int out)
{
    struct kvm_userspace_memory_region region = { .memory_size = MEMORY };

    p->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (p->kvm < 0)
        fail(out, "/dev/kvm", errno);
    if (ioctl(p->kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
        fail(out, "/dev/kvm speaks another API", 0);
    p->vm = ioctl(p->kvm, KVM_CREATE_VM, 0);
    if (p->vm < 0)
        fail(out, "KVM_CREATE_VM", errno);
    /* Where old Intel CPUs need three pages and a TSS for real mode; harmless elsewhere. */
    ioctl(p->vm, KVM_SET_TSS_ADDR, 0xfffbd000UL);
    p->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p->memory == MAP_FAILED)
        fail(out, "mmap", errno);
    fill_memory(p->memory);
    region.userspace_addr = (uintptr_t)p->memory;
    if (ioctl(p->vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
        fail(out, "KVM_SET_USER_MEMORY_REGION", errno);
}

static void set_cpuid(Probe *p, int out)
{
    const unsigned n = 256;
    struct kvm_cpuid2 *cpuid = calloc(1, sizeof *cpuid + n * sizeof cpuid->entries[0]);

    cpuid->nent = n;
    if (ioctl(p->kvm, KVM_GET_SUPPORTED_CPUID, cpuid) < 0 ||
        ioctl(p->vcpu, KVM_SET_CPUID2, cpuid) < 0)
        fail(out, "KVM_SET_CPUID2", errno);
    free(cpuid);
}

/* Straight into 64-bit mode, as after hv's boot code. */
static void set_long_mode(Probe *p, int out)
{
    struct kvm_segment code = {
        .selector = 0x08, .limit = 0xffffffff, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1
    };
    struct kvm_segment data = {
        .selector = 0x10, .limit = 0xffffffff, .type = 3, .present = 1, .s = 1, .db = 1, .g = 1
    };
    struct kvm_regs regs = { .rip = CODE, .rsp = STACK, .rflags = 2 };
    struct kvm_sregs sregs;

    if (ioctl(p->vcpu, KVM_GET_SREGS, &sregs) < 0)
        fail(out, "KVM_GET_SREGS", errno);
    sregs.cr0 = 0x80010033; /* PG WP NE ET MP PE */
    sregs.cr3 = PML4;
    sregs.cr4 = 0x20;   /* PAE */
    sregs.efer = 0x500; /* LMA LME */
    sregs.cs = code;
    sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
    sregs.idt.base = IDT;
    sregs.idt.limit = 0xfff;
    /* iretq reloads CS and SS from here. */
    sregs.gdt.base = DATA + 0x800;
    sregs.gdt.limit = 0x17;
    memcpy(p->memory + DATA + 0x800,
           (const uint64_t[]){ 0, 0x00af9b000000ffff, 0x00cf93000000ffff }, 24);
    if (ioctl(p->vcpu, KVM_SET_SREGS, &sregs) < 0)
        fail(out, "KVM_SET_SREGS", errno);
    if (ioctl(p->vcpu, KVM_SET_REGS, &regs) < 0)
        fail(out, "KVM_SET_REGS", errno);
}

static void make_vcpu(Probe *p, int out)
{
    int size;

    p->vcpu = ioctl(p->vm, KVM_CREATE_VCPU, 0);
    if (p->vcpu < 0)
        fail(out, "KVM_CREATE_VCPU", errno);
    size = ioctl(p->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    p->run = size < 0 ? MAP_FAILED
                      : mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, p->vcpu, 0);
    if (p->run == MAP_FAILED)
        fail(out, "KVM_GET_VCPU_MMAP_SIZE", errno);
    set_cpuid(p, out);
    set_long_mode(p, out);
}

static void run_until(Probe *p, int out, uint8_t wanted)
{
    const uint8_t *data;

    while (ioctl(p->vcpu, KVM_RUN, 0) < 0)
        if (errno != EINTR)
            fail(out, "KVM_RUN", errno);
    data = (const uint8_t *)p->run + p->run->io.data_offset;
    if (p->run->exit_reason != KVM_EXIT_IO || p->run->io.port != PORT) {
        dprintf(out, "tcg KVM ends with exit reason %u in 64-bit ring 0", p->run->exit_reason);
        _exit(0);
    }
    if (*data != wanted)
        fail(out, "KVM executes an instruction wrongly", 0);
}

static void probe(int out)
{
    uint64_t best = UINT64_MAX;
    Probe p = { 0 };

    make_vm(&p, out);
    make_vcpu(&p, out);
    run_until(&p, out, SAYS_BASICS);
    for (int i = 0; i < LOOP_TRIES && best > LOOP_LIMIT_MS / 4; i++) {
        uint64_t begin = now_ms();

        run_until(&p, out, SAYS_LOOP);
        best = now_ms() - begin < best ? now_ms() - begin : best;
    }
    if (best > LOOP_LIMIT_MS)
        fail(out, "KVM is too slow: it has no hardware below it", 0);
    dprintf(out, "kvm");
}

int main(void)
{
    char text[256] = "";
    struct pollfd p;
    size_t len = 0;
    ssize_t n = 1;
    uint64_t deadline = now_ms() + LIMIT_MS;
    int fds[2];
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
        printf("tcg %s\n", strerror(errno));
        return 0;
    }
    if (pid == 0) {
        /* A child that hangs in the kernel must not hold whoever reads our output. */
        for (int fd = 0; fd < 3; fd++)
            close(fd);
        probe(fds[1]);
        _exit(0);
    }
    close(fds[1]);
    p = (struct pollfd){ .fd = fds[0], .events = POLLIN };
    while (n > 0 && len < sizeof text - 1) {
        int64_t left = (int64_t)(deadline - now_ms());

        n = left > 0 && poll(&p, 1, (int)left) > 0 ? read(fds[0], text + len, sizeof text - 1 - len)
                                                   : -1;
        len += n > 0 ? (size_t)n : 0;
    }
    kill(pid, SIGKILL);
    if (n < 0)
        printf("tcg KVM does not end within %d ms\n", LIMIT_MS);
    else
        printf("%s\n", len ? text : "tcg the probe died");
    return 0;
}
