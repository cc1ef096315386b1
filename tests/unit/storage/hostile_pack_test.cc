// Packs that somebody crafted: each is refused by its own reason, and nothing crashes.

#include <rocksdb/comparator.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/table_properties.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/files/files.h"
#include "storage/pack/pack_reader.h"
#include "storage/pack/table_identity.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/storage/sample_packs.h"

namespace rocksdb {
// Exported by the library, though in none of its public headers: what a forger would compute too.
uint32_t ComputeBuiltinChecksumWithLastByte(ChecksumType type, const char* data, size_t size,
                                            char last_byte);
}  // namespace rocksdb

namespace cloister::storage {
namespace {

using ::cloister::reputation::RejectReason;
using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;
using ::cloister::testing::TemporaryDirectory;
using ::testing::HasSubstr;

constexpr uint64_t kMany = 1 << 30;

PackHeader Header(uint64_t from = 0) {
  PackHeader header;
  header.feed = "threats";
  header.from_version = from;
  header.to_version = 7;
  return header;
}

// Adds any property to a file.
class AnyProperty : public rocksdb::TablePropertiesCollector {
 public:
  explicit AnyProperty(std::string value) : value_(std::move(value)) {}
  rocksdb::Status AddUserKey(const rocksdb::Slice&, const rocksdb::Slice&, rocksdb::EntryType,
                             rocksdb::SequenceNumber, uint64_t) override {
    return rocksdb::Status::OK();
  }
  rocksdb::Status Finish(rocksdb::UserCollectedProperties* properties) override {
    properties->emplace(kHeaderProperty, value_);
    return rocksdb::Status::OK();
  }
  rocksdb::UserCollectedProperties GetReadableProperties() const override { return {}; }
  const char* Name() const override { return "AnyProperty"; }

 private:
  const std::string value_;
};

class AnyPropertyFactory : public rocksdb::TablePropertiesCollectorFactory {
 public:
  explicit AnyPropertyFactory(std::string value) : value_(std::move(value)) {}
  rocksdb::TablePropertiesCollector* CreateTablePropertiesCollector(Context) override {
    return new AnyProperty(value_);
  }
  const char* Name() const override { return "AnyPropertyFactory"; }

 private:
  const std::string value_;
};

using Write = std::function<void(rocksdb::SstFileWriter*)>;

rocksdb::Options OptionsWith(const std::string& header) {
  rocksdb::Options options = PackWriteOptions();
  options.table_properties_collector_factories.push_back(
      std::make_shared<AnyPropertyFactory>(header));
  return options;
}

void WriteTable(const std::string& path, const rocksdb::Options& options, const Write& write) {
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options);
  ASSERT_TRUE(writer.Open(path).ok());
  write(&writer);
  rocksdb::Status finished = writer.Finish();
  ASSERT_TRUE(finished.ok()) << finished.ToString();
  // Where it is not shaped as expected, that is what the test is about.
  absl::Status ignored = RemoveTableIdentity(path);
}

void PutGood(rocksdb::SstFileWriter* writer, uint64_t count = 3) {
  for (const auto& [key, value] : SampleEntries(0, count)) {
    ASSERT_TRUE(writer->Put(key, value).ok());
  }
}

absl::Status OpenAndValidate(const std::string& path, const PackLimits& limits = PackLimits()) {
  absl::StatusOr<std::unique_ptr<PackReader>> reader = PackReader::Open(path, limits);
  if (!reader.ok()) return reader.status();
  return (*reader)->Validate().status();
}

// A good file but for what `write` adds at the end.
absl::Status Refusal(const Write& write, const rocksdb::Options& options) {
  TemporaryDirectory directory;
  WriteTable(directory / "pack", options, write);
  return OpenAndValidate(directory / "pack");
}

const std::string kLast = std::string(2, '\x05') + std::string(40, '\xff');

TEST(HostilePackTest, TheGoodOneIsAccepted) {
  EXPECT_THAT(Refusal([](auto* writer) { PutGood(writer); }, OptionsWith(EncodeHeader(Header()))),
              IsOk());
}

TEST(HostilePackTest, TombstonesMergesAndRangeDeletionsAreForeign) {
  rocksdb::Options options = OptionsWith(EncodeHeader(Header(6)));
  const Write writes[] = {
      [](auto* writer) {
        PutGood(writer);
        ASSERT_TRUE(writer->Delete(kLast).ok());
      },
      [](auto* writer) {
        PutGood(writer);
        ASSERT_TRUE(writer->Merge(kLast, "x").ok());
      },
      [](auto* writer) {
        PutGood(writer);
        ASSERT_TRUE(writer->DeleteRange("\1", "\5").ok());
      },
  };
  for (const Write& write : writes) {
    EXPECT_THAT(Refusal(write, options), IsRejectedFor(RejectReason::kPackForeign));
  }
}

// Unsynced, unlike WriteFileAtomically: thousands are written here.
void WriteBytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

uint64_t TakeVarint(const std::string& bytes, size_t* at) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    uint8_t byte = static_cast<uint8_t>(bytes[(*at)++]);
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
}

// Where the values of a block's entries are, by key.
std::map<std::string, size_t> ValuePlaces(const std::string& bytes, size_t begin, size_t size) {
  uint32_t restarts = 0;
  memcpy(&restarts, bytes.data() + begin + size - 4, 4);
  size_t end = begin + size - 4 - 4 * restarts;
  std::map<std::string, size_t> places;
  std::string key;
  for (size_t at = begin; at < end;) {
    size_t shared = TakeVarint(bytes, &at);
    size_t other = TakeVarint(bytes, &at);
    size_t value = TakeVarint(bytes, &at);
    key = key.substr(0, shared) + bytes.substr(at, other);
    places[key] = at + other;
    at += other + value;
  }
  return places;
}

// Replaces the one-byte values of properties and mends the checksum of their block.
void Forge(const std::string& path, const std::map<std::string, char>& values) {
  ASSERT_OK_AND_ASSIGN(std::string bytes, ReadFile(path, kMany));
  const std::string name = "rocksdb.properties";
  size_t place = bytes.rfind(name) + name.size();
  size_t offset = TakeVarint(bytes, &place);
  size_t size = TakeVarint(bytes, &place);
  std::map<std::string, size_t> places = ValuePlaces(bytes, offset, size);
  for (const auto& [property, value] : values) {
    ASSERT_EQ(places.count(property), 1u) << property;
    bytes[places[property]] = value;
  }
  uint32_t checksum = rocksdb::ComputeBuiltinChecksumWithLastByte(
      rocksdb::kXXH3, bytes.data() + offset, size, bytes[offset + size]);
  memcpy(bytes.data() + offset + size + 1, &checksum, 4);
  WriteBytes(path, bytes);
}

// Files that lie about themselves: what they hide is found by reading them.
TEST(HostilePackTest, ForgedPropertiesDoNotHideForeignEntries) {
  TemporaryDirectory directory;
  std::string path = directory / "pack";
  rocksdb::Options options = OptionsWith(EncodeHeader(Header(6)));
  // Six real entries, label included, and the tombstone.
  WriteTable(path, options, [](auto* writer) {
    PutGood(writer, 5);
    ASSERT_TRUE(writer->Delete(kLast).ok());
  });
  Forge(path, {{"rocksdb.deleted.keys", '\0'}});
  EXPECT_THAT(OpenAndValidate(path), IsRejectedFor(RejectReason::kPackForeign));
  Forge(path, {{"rocksdb.num.entries", '\6'}});
  absl::Status hidden = OpenAndValidate(path);
  EXPECT_THAT(hidden, IsRejectedFor(RejectReason::kPackForeign));
  EXPECT_THAT(std::string(hidden.message()), HasSubstr("not plain puts"));

  WriteTable(path, options, [](auto* writer) {
    PutGood(writer);
    ASSERT_TRUE(writer->DeleteRange("\1", "\5").ok());
  });
  Forge(path, {{"rocksdb.deleted.keys", '\0'}, {"rocksdb.num.range-deletions", '\0'}});
  absl::Status status = OpenAndValidate(path);
  EXPECT_THAT(status, IsRejectedFor(RejectReason::kPackForeign));
  EXPECT_THAT(std::string(status.message()), HasSubstr("rocksdb.range_del"));

  WriteTable(path, options, [](auto* writer) {
    PutGood(writer);
    ASSERT_TRUE(writer->Merge(kLast, "x").ok());
  });
  Forge(path, {{"rocksdb.merge.operands", '\0'}});
  EXPECT_THAT(OpenAndValidate(path), IsRejectedFor(RejectReason::kPackForeign));
}

// With the identity of another feed's pack it would share blocks with that in the server's cache.
TEST(HostilePackTest, AnIdentityOfItsOwnIsForeign) {
  TemporaryDirectory directory;
  ASSERT_THAT(WriteSnapshot(directory / "pack", Header(), SampleEntries(0, 9)), IsOk());
  ASSERT_THAT(OpenAndValidate(directory / "pack"), IsOk());
  Forge(directory / "pack", {{"rocksdb.original.file.number", '\1'}});
  absl::Status status = OpenAndValidate(directory / "pack");
  EXPECT_THAT(status, IsRejectedFor(RejectReason::kPackForeign));
  EXPECT_THAT(std::string(status.message()), HasSubstr("original.file.number"));
}

TEST(HostilePackTest, AFalseNumberOfEntriesIsForeign) {
  TemporaryDirectory directory;
  ASSERT_THAT(WriteSnapshot(directory / "pack", Header(), SampleEntries(0, 9)), IsOk());
  Forge(directory / "pack", {{"rocksdb.num.entries", '\x0b'}});
  EXPECT_THAT(OpenAndValidate(directory / "pack"), IsRejectedFor(RejectReason::kPackForeign));
}

TEST(HostilePackTest, OtherOrdersAreForeign) {
  rocksdb::Options options = OptionsWith(EncodeHeader(Header()));
  options.comparator = rocksdb::ReverseBytewiseComparator();
  Write write = [](auto* writer) {
    Entries entries = SampleEntries(0, 3);
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
      ASSERT_TRUE(writer->Put(entry->first, entry->second).ok());
    }
  };
  EXPECT_THAT(Refusal(write, options), IsRejectedFor(RejectReason::kPackForeign));
}

TEST(HostilePackTest, OtherTablesAreForeignOrUnreadable) {
  rocksdb::Options compressed = OptionsWith(EncodeHeader(Header()));
  compressed.compression = rocksdb::kZSTD;
  EXPECT_THAT(Refusal([](auto* w) { PutGood(w, 500); }, compressed),
              IsRejectedFor(RejectReason::kPackForeign));
  rocksdb::BlockBasedTableOptions table = PackTableOptions();
  table.checksum = rocksdb::kNoChecksum;
  rocksdb::Options unchecked = OptionsWith(EncodeHeader(Header()));
  unchecked.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  EXPECT_THAT(Refusal([](auto* w) { PutGood(w); }, unchecked),
              IsRejectedFor(RejectReason::kPackForeign));
  table = PackTableOptions();
  table.format_version = 4;
  rocksdb::Options older = OptionsWith(EncodeHeader(Header()));
  older.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  EXPECT_THAT(Refusal([](auto* w) { PutGood(w); }, older),
              IsRejectedFor(RejectReason::kPackUnreadable));
  rocksdb::Options plain = PackWriteOptions();
  plain.table_factory.reset(rocksdb::NewPlainTableFactory());
  EXPECT_THAT(Refusal([](auto* w) { PutGood(w); }, plain),
              IsRejectedFor(RejectReason::kPackUnreadable));
}

TEST(HostilePackTest, HeaderMissingOrStrange) {
  Write good = [](auto* writer) { PutGood(writer); };
  EXPECT_THAT(Refusal(good, PackWriteOptions()), IsRejectedFor(RejectReason::kPackHeaderMismatch));
  for (const std::string& header : {std::string(), std::string("\xff"), std::string(4000, 'h')}) {
    EXPECT_THAT(Refusal(good, OptionsWith(header)),
                IsRejectedFor(RejectReason::kPackHeaderMismatch));
  }
}

TEST(HostilePackTest, KeysThatAreNoneAreRefusedWithTheirNumber) {
  const std::string value = SampleValue(1);
  const std::string ipv4_with_host_bits("\4\4\xc0\0\2\1\x18", 7);
  for (const std::string& key :
       {std::string("\0\0\0", 3), std::string("\0\1\0\0\0\0", 6), std::string("\0\1\0\0\0", 5),
        std::string("\0\2abcd", 6), std::string("\1\1", 2), std::string("\1\1short"),
        std::string("\1\4") + std::string(32, 'x'), std::string("\6\1") + std::string(32, 'x'),
        ipv4_with_host_bits, std::string("\4\4\xc0\0\2\1\x21", 7), kLast, std::string("\xff")}) {
    absl::Status status = Refusal([&](auto* writer) { ASSERT_TRUE(writer->Put(key, value).ok()); },
                                  OptionsWith(EncodeHeader(Header(6))));
    EXPECT_THAT(status, IsRejectedFor(RejectReason::kPackBadKey)) << absl::CHexEscape(key);
    EXPECT_THAT(std::string(status.message()), HasSubstr("entry 1"));
  }
}

TEST(HostilePackTest, ValuesThatAreNoneAreRefused) {
  std::string removed;
  ASSERT_THAT(reputation::EncodeRecord(reputation::Record::Removed(), &removed), IsOk());
  for (const std::string& value : {std::string(), std::string("\x21\0\0\0", 4),
                                   std::string("\x11\0\0", 3), std::string("\x11\0\0\0\0", 5),
                                   std::string("\x11\0\x65\0", 4), std::string(17, 'x'), removed}) {
    absl::Status status = Refusal(
        [&](auto* writer) {
          ASSERT_TRUE(writer->Put(std::string(SampleKey(1).bytes()), value).ok());
        },
        OptionsWith(EncodeHeader(Header())));
    EXPECT_THAT(status, IsRejectedFor(RejectReason::kPackBadRecord)) << absl::CHexEscape(value);
  }
  for (const std::string& label : {std::string(), std::string("\xff"), std::string(3000, 'x')}) {
    EXPECT_THAT(Refusal([&](auto* writer) { ASSERT_TRUE(writer->Put(LabelKey(1), label).ok()); },
                        OptionsWith(EncodeHeader(Header()))),
                IsRejectedFor(RejectReason::kPackBadRecord));
  }
}

TEST(HostilePackTest, TheEntryThatStandsForNoneStandsAlone) {
  EXPECT_THAT(Refusal(
                  [](auto* writer) {
                    ASSERT_TRUE(writer->Put(EmptyPackKey(), "").ok());
                    PutGood(writer);
                  },
                  OptionsWith(EncodeHeader(Header()))),
              IsRejectedFor(RejectReason::kPackBadKey));
}

TEST(HostilePackTest, LimitsHold) {
  TemporaryDirectory directory;
  std::string path = directory / "pack";
  ASSERT_THAT(WriteSnapshot(path, Header(), SampleEntries(0, 100)), IsOk());
  EXPECT_THAT(OpenAndValidate(path), IsOk());
  PackLimits limits;
  limits.max_bytes = 2000;
  EXPECT_THAT(OpenAndValidate(path, limits), IsRejectedFor(RejectReason::kPackLimit));
  limits = PackLimits();
  limits.max_entries = 100;
  EXPECT_THAT(OpenAndValidate(path, limits), IsRejectedFor(RejectReason::kPackLimit));
  limits = PackLimits();
  limits.max_labels = 0;
  EXPECT_THAT(OpenAndValidate(path, limits), IsRejectedFor(RejectReason::kPackLimit));
  limits = PackLimits();
  limits.max_label_field_bytes = 5;
  EXPECT_THAT(OpenAndValidate(path, limits), IsRejectedFor(RejectReason::kPackBadRecord));
}

TEST(HostilePackTest, WhatIsNoFileIsSaidToBeNone) {
  TemporaryDirectory directory;
  EXPECT_THAT(PackReader::Open(directory / "absent", PackLimits()),
              HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(PackReader::Open(directory.path(), PackLimits()),
              IsRejectedFor(RejectReason::kPackUnreadable));
  for (const std::string& bytes : {std::string(), std::string("x"), std::string(100'000, '\0')}) {
    WriteBytes(directory / "pack", bytes);
    EXPECT_THAT(PackReader::Open(directory / "pack", PackLimits()),
                IsRejectedFor(RejectReason::kPackUnreadable));
  }
}

TEST(HostilePackTest, EveryTruncationIsRefused) {
  TemporaryDirectory directory;
  ASSERT_THAT(WriteSnapshot(directory / "pack", Header(), SampleEntries(0, 200)), IsOk());
  ASSERT_OK_AND_ASSIGN(std::string good, ReadFile(directory / "pack", kMany));
  for (size_t size = 0; size < good.size(); size += 1 + good.size() / 97) {
    WriteBytes(directory / "cut", good.substr(0, size));
    EXPECT_THAT(OpenAndValidate(directory / "cut"), IsRejectedFor(RejectReason::kPackUnreadable))
        << size;
  }
}

// A flipped bit is either refused, or lies where nothing is read, and then the content is the
// same.
TEST(HostilePackTest, NoFlippedBitChangesWhatIsRead) {
  TemporaryDirectory directory;
  Entries entries = SampleEntries(0, 200);
  ASSERT_THAT(WriteSnapshot(directory / "pack", Header(), entries), IsOk());
  ASSERT_OK_AND_ASSIGN(std::string good, ReadFile(directory / "pack", kMany));
  std::mt19937 random(7);
  int accepted = 0;
  for (int i = 0; i < 1500; ++i) {
    std::string bad = good;
    size_t bit = random() % (8 * bad.size());
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    WriteBytes(directory / "flipped", bad);
    absl::StatusOr<std::unique_ptr<PackReader>> reader =
        PackReader::Open(directory / "flipped", PackLimits());
    if (!reader.ok()) continue;
    absl::StatusOr<PackSummary> summary = (*reader)->Validate();
    if (!summary.ok()) continue;
    ++accepted;
    EXPECT_EQ(summary->digest, DigestOf(entries)) << "bit " << bit;
    EXPECT_EQ((*reader)->header(), Header()) << "bit " << bit;
  }
  // The filter's block and the footer's padding are not read by a scan.
  EXPECT_LT(accepted, 300);
}

}  // namespace
}  // namespace cloister::storage
