/* What a program made durable, for test_power_loss.py: preloaded, it records every fsync and fdatasync.

   After a sync of a file below $POWER_LOSS_ROOT its content lies in $POWER_LOSS_RECORD under the file's
   key, and after a sync of a folder its list of names: lines "f key name" or "d key name". The key is the
   inode and its birth, for numbers are given again; the root's key is "root". What was never synced is not
   there, as on a disk whose power went. Each entry is replaced in one step, before the program goes on.
*/
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST 4200

static void give_up(const char *what)
{
    perror(what);
    abort(); /* a record with holes would accuse the program of them */
}

static void key_of(int folder, const char *name, int flags, char *key, int *is_folder)
{
    struct statx seen;
    if (statx(folder, name, flags, STATX_TYPE | STATX_INO | STATX_BTIME, &seen)) {
        if (errno != ENOENT)
            give_up("statx");
        key[0] = 0; /* removed since it was listed */
        return;
    }
    snprintf(key, 64, "%llu-%lld.%09u", (unsigned long long)seen.stx_ino,
             (long long)seen.stx_btime.tv_sec, seen.stx_btime.tv_nsec);
    *is_folder = S_ISDIR(seen.stx_mode);
}

static void copy_content(const char *source, FILE *target)
{
    char block[65536];
    ssize_t size;
    int file = open(source, O_RDONLY);
    if (file < 0)
        give_up("open");
    while ((size = read(file, block, sizeof block)) > 0)
        if (fwrite(block, 1, size, target) != (size_t)size)
            give_up("fwrite");
    close(file);
}

static void list_names(const char *source, FILE *target)
{
    struct dirent *entry;
    DIR *folder = opendir(source);
    if (!folder)
        give_up("opendir");
    while ((entry = readdir(folder))) {
        char key[64];
        int is_folder = 0;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        key_of(dirfd(folder), entry->d_name, AT_SYMLINK_NOFOLLOW, key, &is_folder);
        if (key[0])
            fprintf(target, "%c %s %s\n", is_folder ? 'd' : 'f', key, entry->d_name);
    }
    closedir(folder);
}

static void record(int descriptor)
{
    const char *root = getenv("POWER_LOSS_ROOT"), *folder = getenv("POWER_LOSS_RECORD");
    char source[64], path[LONGEST] = "", key[64], target[LONGEST], beside[LONGEST + 32];
    int is_folder = 0, before = errno;
    FILE *file;
    snprintf(source, sizeof source, "/proc/self/fd/%d", descriptor);
    if (!root || !folder || readlink(source, path, sizeof path - 1) < 0 ||
        strncmp(path, root, strlen(root)) || (path[strlen(root)] && path[strlen(root)] != '/'))
        return;
    key_of(descriptor, "", AT_EMPTY_PATH, key, &is_folder);
    snprintf(target, sizeof target, "%s/%s", folder, strcmp(path, root) ? key : "root");
    snprintf(beside, sizeof beside, "%s.%d.tmp", target, gettid());
    if (!(file = fopen(beside, "wb")))
        give_up(beside);
    (is_folder ? list_names : copy_content)(source, file);
    if (fclose(file) || rename(beside, target))
        give_up(target);
    errno = before;
}

static int synced(const char *name, int descriptor)
{
    int (*call)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int result = call(descriptor);
    if (!result)
        record(descriptor);
    return result;
}

int fsync(int descriptor)
{
    return synced("fsync", descriptor);
}

int fdatasync(int descriptor)
{
    return synced("fdatasync", descriptor);
}
