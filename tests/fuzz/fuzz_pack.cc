// A pack and what is in it, from anybody: refused or read, never a crash. The first byte of the
// input says what the rest is:
//
//   0  a pack file
//   1  edits to a good pack, 3 bytes each: where in it (2 B), what to put there. The checksums of
//      all blocks are mended afterwards, as someone who can sign packs would do
//   2  a header  3  a label  4  a content digest as text  5  the value of an entry

#include <google/protobuf/stubs/logging.h>
#include <rocksdb/table.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "reputation/record.h"
#include "storage/pack/pack_reader.h"
#include "storage/pack/pack_writer.h"
#include "storage/pack/sst_block.h"
#include "tests/fuzz/require.h"

namespace rocksdb {
// Exported by the library, though in none of its public headers.
uint32_t ComputeBuiltinChecksumWithLastByte(ChecksumType type, const char* data, size_t size,
                                            char last_byte);
}  // namespace rocksdb

namespace cloister::storage {
namespace {

using fuzz::Require;

// A file that has no name in any directory.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("pack", MFD_CLOEXEC)) { Require(fd_ >= 0, "memory for a file"); }

  std::string path() const { return absl::StrCat("/proc/self/fd/", fd_); }

  void Write(absl::string_view bytes) {
    Require(ftruncate(fd_, 0) == 0 &&
                pwrite(fd_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
            "memory for a file");
  }

  std::string Read() const {
    std::string bytes(static_cast<size_t>(lseek(fd_, 0, SEEK_END)), '\0');
    Require(pread(fd_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
            "what was written can be read");
    return bytes;
  }

 private:
  const int fd_;
};

void ReadPack(absl::string_view bytes) {
  static MemoryFile* const file = new MemoryFile();
  file->Write(bytes);
  absl::StatusOr<std::unique_ptr<PackReader>> reader = PackReader::Open(file->path(), PackLimits());
  if (!reader.ok()) return;
  absl::StatusOr<PackSummary> summary = (*reader)->Validate();
  if (!summary.ok()) return;
  ContentDigest digest;
  std::unique_ptr<EntryCursor> cursor = NewVersionCursor({reader->get()});
  for (; cursor->Valid(); cursor->Next()) digest.Add(cursor->key(), cursor->value());
  Require(cursor->status().ok(), "what is valid can be read");
  Require(digest == summary->digest, "a version holds what its packs hold");
}

struct GoodPack {
  std::string bytes;
  std::map<size_t, size_t> blocks;  // offset: size
};

// Footer: checksum type, then the places of the meta index and the index.
std::map<size_t, size_t> BlocksOf(absl::string_view pack) {
  absl::string_view places = pack.substr(pack.size() - 52);
  BlockPlace meta_index = *BlockPlace::Take(&places);
  BlockPlace index = *BlockPlace::Take(&places);
  std::map<size_t, size_t> blocks = {{meta_index.offset, meta_index.size},
                                     {index.offset, index.size}};
  for (const BlockPlace& directory : {meta_index, index}) {
    BlockEntries entries(
        pack.substr(directory.offset, directory.size),
        directory.offset == index.offset ? BlockEntries::Kind::kIndex : BlockEntries::Kind::kPlain);
    while (entries.Next()) {
      absl::string_view value = entries.value();
      BlockPlace place = *BlockPlace::Take(&value);
      blocks[place.offset] = place.size;
    }
  }
  return blocks;
}

GoodPack MakeGoodPack() {
  MemoryFile file;
  absl::StatusOr<std::unique_ptr<PackWriter>> writer =
      PackWriter::Create(file.path(), PackHeader{"threats", 1, 2, 1, 1});
  Require(writer.ok(), "a pack can be written");
  reputation::Label label;
  label.threat_name = "Sample.Threat";
  Require((*writer)->AddLabel(7, label).ok(), "a label can be added");
  for (uint32_t i = 0; i < 40; ++i) {
    std::string digest(32, static_cast<char>(i));
    reputation::Record record;
    record.label_id = i % 2 == 0 ? 7 : 0;
    reputation::LookupKey key = reputation::LookupKey::ForFile(
        *reputation::Digest::FromBytes(reputation::DigestAlgorithm::kSha256, digest));
    absl::Status added =
        i % 5 == 0 ? (*writer)->RemoveEntry(key.bytes()) : (*writer)->Add(key, record);
    Require(added.ok(), "a record can be added");
  }
  Require((*writer)->Finish().ok(), "a pack can be finished");
  GoodPack pack;
  pack.bytes = file.Read();
  pack.blocks = BlocksOf(pack.bytes);
  return pack;
}

void ReadEditedPack(absl::string_view edits) {
  static const GoodPack* const good = new GoodPack(MakeGoodPack());
  std::string bytes = good->bytes;
  for (; edits.size() >= 3; edits.remove_prefix(3)) {
    size_t at = LittleEndian<uint16_t>(edits) % bytes.size();
    bytes[at] = edits[2];
  }
  for (const auto& [offset, size] : good->blocks) {
    uint32_t checksum = rocksdb::ComputeBuiltinChecksumWithLastByte(
        rocksdb::kXXH3, bytes.data() + offset, size, bytes[offset + size]);
    memcpy(bytes.data() + offset + size + 1, &checksum, sizeof(checksum));
  }
  ReadPack(bytes);
}

void ReadLabel(absl::string_view bytes) {
  absl::StatusOr<reputation::Label> label = DecodeLabel(bytes, PackLimits());
  if (!label.ok() || label->empty()) return;
  absl::StatusOr<std::string> encoded = EncodeLabel(*label);
  Require(encoded.ok(), "what decodes encodes");
  Require(DecodeLabel(*encoded, PackLimits()) == label, "a label is what was encoded");
}

void ReadDigest(absl::string_view text) {
  absl::StatusOr<ContentDigest> digest = ContentDigest::Parse(text);
  if (!digest.ok()) return;
  Require(ContentDigest::Parse(digest->ToString()) == digest, "a digest is what was written");
}

}  // namespace
}  // namespace cloister::storage

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cloister::storage;
  // What is refused is not worth a line for each of millions of inputs.
  google::protobuf::SetLogHandler(nullptr);
  if (size == 0) return 0;
  absl::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0:
      ReadPack(rest);
      break;
    case 1:
      ReadEditedPack(rest);
      break;
    case 2:
      DecodeHeader(rest).status().IgnoreError();
      break;
    case 3:
      ReadLabel(rest);
      break;
    case 4:
      ReadDigest(rest);
      break;
    default:
      IsRemoval(rest.substr(0, rest.size() / 2), rest.substr(rest.size() / 2));
  }
  return 0;
}
