/*
 * The ledger under a script of puts, releases and openings, crossed with a crash at every
 * step and every pattern of what is left, with a failure of every call, and with both.
 *
 * What has to hold whatever happens: what a commit took is there, whole and in order, until
 * it is released; a sequence that was seen never changes its record; nothing is released
 * that was not asked for; and once the disk works again the ledger goes on.
 */
#include "check.h"
#include "ledger.h"
#include "ledger_disk_play.h"

#define RECORD_MAX 100u
#define ATTEMPTS   4000u
#define SEQUENCES  2000u

static const struct bc260y_ledger_options options = {
	.limit = 2400, .segment = 320, .record_max = RECORD_MAX, .id = "outbox1"};

static struct play play;
static struct bc260y_ledger ledger;
static uint8_t buffer[BC260Y_LEDGER_BUFFER_SIZE(RECORD_MAX)];

/* Each append is an attempt, whose number is in the record; a sequence may have many until
 * one of them is seen. */
static uint64_t attempt_sequence[ATTEMPTS];
static uint32_t attempts;
static uint32_t seen[SEQUENCES];
static uint64_t committed, appended, asked; /* the last one committed, appended, released */
static uint32_t dice;

static uint32_t roll(uint32_t sides)
{
	dice = dice * 1664525u + 1013904223u;
	return (dice >> 8) % sides;
}

static uint32_t make_record(uint32_t attempt, uint8_t *record)
{
	uint32_t size = 4 + attempt * 37 % 90;

	memcpy(record, &attempt, 4);
	for (uint32_t i = 4; i < size; i++)
		record[i] = (uint8_t)(attempt * 31 + i);
	return size;
}

static void check_record(uint64_t sequence)
{
	uint8_t want[RECORD_MAX];
	const uint8_t *record;
	uint32_t attempt;
	ptrdiff_t size = bc260y_ledger_read(&ledger, sequence, &record);

	CHECK(size >= 4);
	if (size < 4)
		return;
	memcpy(&attempt, record, 4);
	CHECK(attempt < attempts && attempt_sequence[attempt] == sequence);
	CHECK_MEM(record, size, want, make_record(attempt, want));
	CHECK(seen[sequence] == 0 || seen[sequence] == attempt);
	seen[sequence] = attempt;
}

static void check_all(void)
{
	uint64_t first = bc260y_ledger_first(&ledger), last = bc260y_ledger_last(&ledger);
	uint64_t bytes = 0;
	const uint8_t *record;

	CHECK(first >= 1 && first <= asked + 1);
	CHECK(last >= committed && last <= appended);
	for (uint64_t s = first; s <= last; s++) {
		check_record(s);
		bytes += 4 + seen[s] * 37 % 90;
	}
	CHECK_INT(ledger.bytes, bytes);
	CHECK_INT(bc260y_ledger_read(&ledger, last + 1, &record), BC260Y_LEDGER_NOT_YET);
	CHECK_INT(bc260y_ledger_read(&ledger, first - 1, &record), BC260Y_LEDGER_RELEASED);
	if (last >= first)
		check_record(first + roll((uint32_t)(last - first + 1)));
	committed = last;
}

static void check_used(void)
{
	CHECK_INT(ledger.used, play_used(&play));
	CHECK(ledger.used <= options.limit);
}

static int open_ledger(void)
{
	return bc260y_ledger_open(&ledger, &play.disk, &options, buffer);
}

static void start(uint32_t seed)
{
	play_init(&play);
	memset(seen, 0, sizeof(seen));
	committed = appended = asked = 0;
	attempts = 1;
	dice = seed;
}

static int append(void)
{
	uint8_t record[RECORD_MAX];
	uint64_t sequence = 0;
	uint32_t size = make_record(attempts, record);
	int result;

	/* Before it is done it may be found after a crash. */
	attempt_sequence[attempts++] = ledger.back.sequence;
	if (appended < ledger.back.sequence)
		appended = ledger.back.sequence;
	result = bc260y_ledger_append(&ledger, record, size, &sequence);
	CHECK(result == BC260Y_LEDGER_OK || result == BC260Y_LEDGER_FULL ||
	      result == BC260Y_LEDGER_ERROR);
	CHECK(result < 0 || sequence == attempt_sequence[attempts - 1]);
	return result;
}

static int commit(void)
{
	uint64_t last = ledger.back.sequence - 1, before = bc260y_ledger_last(&ledger);
	int result = bc260y_ledger_commit(&ledger);

	if (result == BC260Y_LEDGER_OK)
		committed = last;
	CHECK(result == BC260Y_LEDGER_OK || result == BC260Y_LEDGER_FULL ||
	      result == BC260Y_LEDGER_ERROR);
	CHECK_INT(bc260y_ledger_last(&ledger), result < 0 ? before : last);
	return result;
}

static int release(void)
{
	uint64_t first = bc260y_ledger_first(&ledger), last = bc260y_ledger_last(&ledger);
	uint64_t before = asked, to = first - 1 + roll((uint32_t)(last - first + 2));
	int result;

	if (to > asked)
		asked = to;
	result = bc260y_ledger_release(&ledger, to);
	if (result < 0)
		asked = before;
	CHECK(result == BC260Y_LEDGER_OK || result == BC260Y_LEDGER_ERROR);
	CHECK(result < 0 || bc260y_ledger_first(&ledger) == (to < first ? first : to + 1));
	return result;
}

/* One line of the script. Result: below 0 when an opening failed. */
static int play_line(void)
{
	switch (roll(16)) {
	case 0:
		bc260y_ledger_close(&ledger);
		return open_ledger();
	case 1:
		bc260y_ledger_drop(&ledger);
		return 0;
	case 2:
	case 3:
	case 4:
		release();
		return 0;
	case 5:
	case 6:
	case 7:
	case 8:
		commit();
		return 0;
	default:
		append();
		return 0;
	}
}

/* Until a crash, or for so many lines. Result: false when it crashed. */
static bool play_script(int lines)
{
	static int i;

	if (setjmp(play.crash))
		return false;
	if (open_ledger() < 0)
		return true;
	for (i = 0; i < lines; i++)
		if (play_line() < 0)
			return true;
	return true;
}

/* After whatever there was: all is as promised, and it goes on. */
static void check_recovery(void)
{
	int result = open_ledger();

	CHECK_INT(result, BC260Y_LEDGER_OK);
	if (result < 0) {
		fprintf(stderr, "\tsegment %llu, offset %u: %s\n",
			(unsigned long long)ledger.where_segment, (unsigned)ledger.where_offset,
			ledger.why);
		return;
	}
	check_all();
	check_used();
}

static void finish(void)
{
	play.crash_at = 0;
	check_recovery();
	/* What was seen is on the disk, and nowhere else has to be. */
	play_cut_power(&play, PLAY_OLD);
	check_recovery();
	if (!play.locked)
		return;
	bc260y_ledger_close(&ledger);
	CHECK(!play.locked);
	CHECK(play_script(25));
	check_all();
	asked = bc260y_ledger_last(&ledger);
	CHECK_INT(bc260y_ledger_drop(&ledger), BC260Y_LEDGER_OK);
	CHECK_INT(bc260y_ledger_release(&ledger, asked), BC260Y_LEDGER_OK);
	CHECK_INT(append(), BC260Y_LEDGER_OK);
	CHECK_INT(commit(), BC260Y_LEDGER_OK);
	check_all();
	check_used();
	bc260y_ledger_close(&ledger);
	CHECK_INT(open_ledger(), BC260Y_LEDGER_OK);
	CHECK_INT(bc260y_ledger_first(&ledger), asked + 1);
	CHECK_INT(bc260y_ledger_last(&ledger), asked + 1);
	check_all();
	bc260y_ledger_close(&ledger);
}

static long steps_of(uint32_t seed, int lines, bool short_writes)
{
	start(seed);
	play.short_writes = short_writes;
	CHECK(play_script(lines));
	check_all();
	bc260y_ledger_close(&ledger);
	return play.steps;
}

static void sweep_crashes(uint32_t seed, bool short_writes)
{
	long steps = steps_of(seed, 40, short_writes);

	for (long at = 1; at <= steps; at++)
		for (int pattern = 0; pattern < PLAY_PATTERNS; pattern++) {
			start(seed);
			play.short_writes = short_writes;
			play.crash_at = at;
			play_script(40);
			play_cut_power(&play, pattern);
			finish();
		}
}

/* A crash in the opening that follows a crash. */
static void sweep_recoveries(uint32_t seed)
{
	long steps = steps_of(seed, 40, false);

	for (long at = 1; at <= steps; at++)
		for (int pattern = 0; pattern < PLAY_PATTERNS; pattern++)
			for (int again = 1; again <= 6; again++) {
				start(seed);
				play.crash_at = at;
				play_script(40);
				play_cut_power(&play, pattern);
				play.crash_at = play.steps + again;
				play_script(0);
				play_cut_power(&play, (pattern + again) % PLAY_PATTERNS);
				finish();
			}
}

static void sweep_failures(uint32_t seed, int code, long count)
{
	steps_of(seed, 40, false);
	for (int op = 0; op < PLAY_OPS; op++) {
		long calls;

		steps_of(seed, 40, false);
		calls = play.counts[op];
		for (long at = 0; at < calls; at++) {
			start(seed);
			play_fail(&play, (enum play_op)op, at, count, code);
			play_script(40);
			play.fail_count = 0;
			/* An opening that failed has let go of the disk. */
			if (play.locked)
				bc260y_ledger_close(&ledger);
			finish();
		}
	}
}

/* Both, and a full disk at times. */
static void play_wild(uint32_t seed)
{
	start(seed);
	for (int life = 0; life < 6; life++) {
		play.capacity = roll(3) == 0 ? 200 + roll(1200) : 0;
		play.short_writes = roll(2);
		play_fail(&play, (enum play_op)roll(PLAY_OPS), roll(30), 1 + roll(4),
			  roll(2) ? BC260Y_DISK_ERROR : BC260Y_DISK_FULL);
		play.crash_at = play.steps + 1 + roll(90);
		play_script(60);
		play_cut_power(&play, (int)roll(PLAY_PATTERNS));
		play.capacity = 0;
		check_recovery();
		if (play.locked)
			bc260y_ledger_close(&ledger);
	}
	finish();
}

int main(void)
{
	for (uint32_t seed = 1; seed <= 12; seed++) {
		sweep_crashes(seed, seed % 2);
		sweep_failures(seed, seed % 2 ? BC260Y_DISK_FULL : BC260Y_DISK_ERROR, 1 + seed % 3);
	}
	sweep_recoveries(3);
	for (uint32_t seed = 1; seed <= 1500; seed++)
		play_wild(seed);
	return check_end("ledger_sweep");
}
