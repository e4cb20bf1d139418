/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in a Linux guest: sets the size of a framebuffer. usage: set-mode DEVICE WIDTH HEIGHT */
#include <fcntl.h>
#include <linux/fb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

int main(int argc, char **argv)
{
    struct fb_var_screeninfo var;
    int fd = argc == 4 ? open(argv[1], O_RDWR) : -1;

    if (fd < 0 || ioctl(fd, FBIOGET_VSCREENINFO, &var) < 0) {
        perror("set-mode");
        return 1;
    }
    var.xres = var.xres_virtual = (unsigned int)atoi(argv[2]);
    var.yres = var.yres_virtual = (unsigned int)atoi(argv[3]);
    var.activate = FB_ACTIVATE_NOW;
    if (ioctl(fd, FBIOPUT_VSCREENINFO, &var) < 0) {
        perror("set-mode");
        return 1;
    }
    printf("%ux%u\n", var.xres, var.yres);
    return 0;
}
