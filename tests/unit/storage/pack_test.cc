#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/files/files.h"
#include "storage/pack/pack_reader.h"
#include "storage/pack/pack_writer.h"
#include "storage/pack/version_lookup.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/storage/sample_packs.h"

namespace cloister::storage {
namespace {

using ::cloister::reputation::Label;
using ::cloister::reputation::LookupForm;
using ::cloister::reputation::LookupKey;
using ::cloister::reputation::Record;
using ::cloister::reputation::RejectReason;
using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;
using ::cloister::testing::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

PackHeader Header(uint64_t from, uint64_t to) {
  PackHeader header;
  header.feed = "threats";
  header.from_version = from;
  header.to_version = to;
  return header;
}

Entries ReadAll(EntryCursor* cursor) {
  Entries entries;
  for (; cursor->Valid(); cursor->Next()) {
    entries[std::string(cursor->key())] = std::string(cursor->value());
  }
  EXPECT_THAT(cursor->status(), IsOk());
  return entries;
}

TEST(PackTest, ReadsWhatItWrites) {
  TemporaryDirectory directory;
  Entries entries = SampleEntries(0, 5000);
  ASSERT_OK_AND_ASSIGN(PackSummary written,
                       WriteSnapshot(directory / "pack.sst", Header(0, 3), entries));
  ASSERT_OK_AND_ASSIGN(auto reader, PackReader::Open(directory / "pack.sst", PackLimits()));
  EXPECT_EQ(reader->header(), Header(0, 3));
  EXPECT_EQ(ReadAll(reader->NewCursor(true).get()), entries);
  ASSERT_OK_AND_ASSIGN(PackSummary read, reader->Validate());
  EXPECT_EQ(read.records, 5000u);
  EXPECT_EQ(read.labels, 1u);
  EXPECT_EQ(read.removals, 0u);
  EXPECT_EQ(read.bytes, std::filesystem::file_size(directory / "pack.sst"));
  EXPECT_EQ(read.digest, DigestOf(entries));
  EXPECT_THAT(read.coverage.Names(), ElementsAre("file/sha256"));
  EXPECT_EQ(written.digest, read.digest);
  EXPECT_EQ(written.bytes, read.bytes);
}

TEST(PackTest, EqualPacksAreEqualFiles) {
  TemporaryDirectory directory;
  for (const char* name : {"one", "two"}) {
    ASSERT_THAT(WriteSnapshot(directory / name, Header(0, 3), SampleEntries(0, 5000)), IsOk());
  }
  ASSERT_THAT(WriteSnapshot(directory / "other", Header(0, 4), SampleEntries(0, 5000)), IsOk());
  const std::string one = ReadFile(directory / "one", 1 << 24).value();
  EXPECT_EQ(one, ReadFile(directory / "two", 1 << 24).value());
  EXPECT_NE(one, ReadFile(directory / "other", 1 << 24).value());
}

TEST(PackTest, KeepsAnEmptyVersion) {
  TemporaryDirectory directory;
  for (uint64_t from : {0, 1}) {
    ASSERT_THAT(WriteSnapshot(directory / "pack.sst", Header(from, 2), {}), IsOk());
    ASSERT_OK_AND_ASSIGN(auto reader, PackReader::Open(directory / "pack.sst", PackLimits()));
    ASSERT_OK_AND_ASSIGN(PackSummary summary, reader->Validate());
    EXPECT_EQ(summary.digest, ContentDigest());
    EXPECT_FALSE(reader->NewCursor(true)->Valid());
  }
}

TEST(PackTest, ReportsProgressWhileItValidates) {
  TemporaryDirectory directory;
  ASSERT_THAT(WriteSnapshot(directory / "pack.sst", Header(0, 1), SampleEntries(0, 70'000)),
              IsOk());
  ASSERT_OK_AND_ASSIGN(auto reader, PackReader::Open(directory / "pack.sst", PackLimits()));
  std::vector<uint64_t> reported;
  ASSERT_THAT(reader->Validate([&](uint64_t entries) { reported.push_back(entries); }), IsOk());
  EXPECT_THAT(reported, ElementsAre(65'536));
}

TEST(PackWriterTest, SummaryNamesCoverageAndPrefixLengths) {
  TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(auto writer, PackWriter::Create(directory / "pack.sst", Header(4, 5)));
  Label label;
  label.product = "tool";
  ASSERT_THAT(writer->AddLabel(9, label), IsOk());
  ASSERT_THAT(writer->RemoveLabel(10), IsOk());
  ASSERT_OK_AND_ASSIGN(auto v4, reputation::IpPrefix::Parse("192.0.2.0/24"));
  ASSERT_OK_AND_ASSIGN(auto v6, reputation::IpPrefix::Parse("2001:db8::/32"));
  ASSERT_THAT(writer->Add(LookupKey::ForHost("a.example"), Record()), IsOk());
  ASSERT_THAT(writer->Add(LookupKey::ForIpPrefix(v4), Record()), IsOk());
  ASSERT_THAT(writer->Add(LookupKey::ForIpPrefix(v6), Record()), IsOk());
  ASSERT_THAT(writer->RemoveEntry(LookupKey::ForPurl("pkg:deb/debian/tool").bytes()), IsOk());
  ASSERT_OK_AND_ASSIGN(PackSummary summary, writer->Finish());
  EXPECT_EQ(summary.records, 4u);
  EXPECT_EQ(summary.removals, 1u);
  EXPECT_EQ(summary.labels, 2u);
  EXPECT_EQ(summary.digest.entries(), 4u);
  EXPECT_THAT(summary.coverage.Names(), ElementsAre("host", "ip/v4", "ip/v6"));
  EXPECT_TRUE(summary.prefix_lengths.v4[24]);
  EXPECT_TRUE(summary.prefix_lengths.v6[32]);
  EXPECT_EQ(summary.prefix_lengths.v4.count() + summary.prefix_lengths.v6.count(), 2u);
}

TEST(PackWriterTest, RefusesWhatDoesNotRise) {
  TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(auto writer, PackWriter::Create(directory / "pack.sst", Header(0, 1)));
  Label label;
  label.product = "tool";
  ASSERT_THAT(writer->AddLabel(2, label), IsOk());
  EXPECT_THAT(writer->AddLabel(2, label), HasCode(kInvalid));
  EXPECT_THAT(writer->AddLabel(1, label), HasCode(kInvalid));
  ASSERT_THAT(writer->Add(SampleKey(1), Record()), IsOk());
  EXPECT_THAT(writer->Add(SampleKey(1), Record()), HasCode(kInvalid));
  EXPECT_THAT(writer->AddLabel(3, label), HasCode(kInvalid));
}

TEST(PackWriterTest, RefusesWhatASnapshotCannotHold) {
  TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(auto writer, PackWriter::Create(directory / "pack.sst", Header(0, 1)));
  EXPECT_THAT(writer->RemoveLabel(1), HasCode(kInvalid));
  EXPECT_THAT(writer->RemoveEntry(SampleKey(1).bytes()), HasCode(kInvalid));
  EXPECT_THAT(writer->Add(SampleKey(1), Record::Removed()), HasCode(kInvalid));
  EXPECT_THAT(writer->AddEntry("no key", SampleValue(1)), HasCode(kInvalid));
  EXPECT_THAT(writer->AddEntry(SampleKey(1).bytes(), "no record"), HasCode(kInvalid));
  EXPECT_THAT(writer->AddEntry(EmptyPackKey(), ""), HasCode(kInvalid));
  Record out_of_range;
  out_of_range.confidence = 101;
  EXPECT_THAT(writer->Add(SampleKey(1), out_of_range), HasCode(kInvalid));
  EXPECT_THAT(PackWriter::Create(directory / "x", Header(2, 1)), HasCode(kInvalid));
}

TEST(PackWriterTest, ReplacesAFileWithoutTouchingItsOtherNames) {
  TemporaryDirectory directory;
  ASSERT_THAT(WriteSnapshot(directory / "old.sst", Header(0, 1), SampleEntries(0, 10)), IsOk());
  std::filesystem::create_hard_link(directory / "old.sst", directory / "new.sst");
  ASSERT_THAT(WriteSnapshot(directory / "new.sst", Header(0, 2), SampleEntries(0, 20)), IsOk());
  ASSERT_OK_AND_ASSIGN(auto old, PackReader::Open(directory / "old.sst", PackLimits()));
  EXPECT_EQ(old->header().to_version, 1u);
}

TEST(PackWriterTest, SaysWhereItCannotWrite) {
  absl::StatusOr<std::unique_ptr<PackWriter>> writer =
      PackWriter::Create("/nonexistent/pack.sst", Header(0, 1));
  EXPECT_THAT(writer, IsRejectedFor(RejectReason::kIoError));
  EXPECT_THAT(std::string(writer.status().message()), HasSubstr("/nonexistent/pack.sst"));
}

TEST(VersionCursorTest, LaysDeltasOverSnapshotParts) {
  TemporaryDirectory directory;
  Entries v1 = SampleEntries(0, 300);
  Entries v2 = SampleEntries(100, 400);
  for (uint64_t i = 100; i < 150; ++i) v2[std::string(SampleKey(i).bytes())] = SampleValue(99);
  Entries v3 = SampleEntries(0, 120);
  v3.erase(LabelKey(7));
  Entries part1(v1.begin(), std::next(v1.begin(), 100));
  Entries part2(std::next(v1.begin(), 100), v1.end());
  ASSERT_THAT(WriteSnapshot(directory / "1", Header(0, 1), part1), IsOk());
  ASSERT_THAT(WriteSnapshot(directory / "2", Header(0, 1), part2), IsOk());
  ASSERT_THAT(WriteDelta(directory / "3", Header(1, 2), v1, v2), IsOk());
  ASSERT_THAT(WriteDelta(directory / "4", Header(2, 3), v2, v3), IsOk());
  std::vector<std::unique_ptr<PackReader>> readers;
  std::vector<const PackReader*> packs;
  const Entries* expected[] = {&part1, &v1, &v2, &v3};
  for (int i = 0; i < 4; ++i) {
    ASSERT_OK_AND_ASSIGN(auto reader,
                         PackReader::Open(directory / absl::StrCat(i + 1), PackLimits()));
    packs.push_back(reader.get());
    readers.push_back(std::move(reader));
    EXPECT_EQ(ReadAll(NewVersionCursor(packs).get()), *expected[i]) << i + 1;
  }
  EXPECT_FALSE(NewVersionCursor({})->Valid());
}

TEST(VersionCursorTest, SaysWhenAPackIsBroken) {
  TemporaryDirectory directory;
  ASSERT_THAT(WriteSnapshot(directory / "1", Header(0, 1), SampleEntries(0, 3000)), IsOk());
  FILE* file = fopen((directory / "1").c_str(), "r+");
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(fseek(file, 60'000, SEEK_SET), 0);
  ASSERT_EQ(fputs("damage", file) >= 0, true);
  fclose(file);
  ASSERT_OK_AND_ASSIGN(auto reader, PackReader::Open(directory / "1", PackLimits()));
  std::unique_ptr<EntryCursor> cursor = NewVersionCursor({reader.get()});
  while (cursor->Valid()) cursor->Next();
  EXPECT_THAT(cursor->status(), IsRejectedFor(RejectReason::kPackUnreadable));
}

TEST(VersionLookupTest, FindsWhatTheLatestPackSays) {
  TemporaryDirectory directory;
  Entries base = SampleEntries(0, 3000);
  ASSERT_THAT(WriteSnapshot(directory / "1", Header(0, 1), base), IsOk());
  Entries after = base;
  for (const auto& [key, value] : SampleEntries(10, 5, 99)) after[key] = value;
  after.erase(std::string(SampleKey(20).bytes()));
  ASSERT_THAT(WriteDelta(directory / "2", Header(1, 2), base, after), IsOk());
  ASSERT_OK_AND_ASSIGN(auto first, PackReader::Open(directory / "1", PackLimits()));
  ASSERT_OK_AND_ASSIGN(auto second, PackReader::Open(directory / "2", PackLimits()));

  VersionLookup lookup({first.get(), second.get()});
  for (const uint64_t number : {20u, 2999u, 12u, 0u, 3000u}) {
    const std::string key(SampleKey(number).bytes());
    ASSERT_OK_AND_ASSIGN(std::optional<std::string> found, lookup.Find(key));
    const auto wanted = after.find(key);
    EXPECT_EQ(found, wanted == after.end() ? std::nullopt : std::optional(wanted->second))
        << number;
  }
}

TEST(IsRemovalTest, KnowsRemovedRecordsAndLabels) {
  std::string removed;
  ASSERT_THAT(reputation::EncodeRecord(Record::Removed(), &removed), IsOk());
  EXPECT_TRUE(IsRemoval(SampleKey(1).bytes(), removed));
  EXPECT_FALSE(IsRemoval(SampleKey(1).bytes(), SampleValue(1)));
  EXPECT_TRUE(IsRemoval(LabelKey(1), ""));
  EXPECT_FALSE(IsRemoval(LabelKey(1), removed));
}

// A pack is readable with RocksDB's own tool, as docs/repository-format.md promises.
TEST(PackTest, SstDumpReadsIt) {
  if (system("sst_dump --version >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "sst_dump is not installed (package rocksdb-tools)";
  }
  TemporaryDirectory directory;
  ASSERT_THAT(WriteSnapshot(directory / "pack.sst", Header(0, 1), SampleEntries(0, 3)), IsOk());
  std::string command = absl::StrCat("sst_dump --command=scan --output_hex --show_properties ",
                                     "--file=", directory / "pack.sst", " 2>&1");
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string output;
  for (int c; (c = fgetc(pipe)) != EOF;) output.push_back(static_cast<char>(c));
  EXPECT_EQ(pclose(pipe), 0);
  EXPECT_THAT(output, HasSubstr("'000100000007' seq:0, type:1 =>"));
  EXPECT_THAT(output, HasSubstr("'0101"));
  EXPECT_THAT(output, HasSubstr("# entries: 4"));
  EXPECT_THAT(output, HasSubstr("# deletions: 0"));
  EXPECT_THAT(output, HasSubstr("cloister.pack: 0x0A0D636C6F69737465722D7061636B"));
}

}  // namespace
}  // namespace cloister::storage
