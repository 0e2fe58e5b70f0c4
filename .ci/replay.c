/*
 * Feeds files to a fuzz target that was built without libFuzzer, and counts them.
 * A finding aborts; the file's name has then been the last thing said.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	long size;
	int ok;

	if (!file)
		return 0;
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	/* Exactly as large as the file, so that ASan sees one byte too many. */
	data = malloc(size > 0 ? (size_t)size : 1);
	ok = data && size >= 0 && fread(data, 1, (size_t)size, file) == (size_t)size;
	if (ok)
		LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
	fclose(file);
	return ok;
}

int main(int argc, char **argv)
{
	int passed = 0, failed = 0;
	int i;

	for (i = 1; i < argc; i++) {
		fprintf(stderr, "%s\n", argv[i]);
		if (replay(argv[i]))
			passed++;
		else
			failed++;
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
