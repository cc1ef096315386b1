#include "storage/pack/pack_writer.h"

#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table_properties.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/pack/entry_checker.h"
#include "storage/pack/table_identity.h"

namespace cloister::storage {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

absl::Status WriteError(const rocksdb::Status& status, const std::string& path) {
  RejectReason reason = status.IsNoSpace() ? RejectReason::kNoSpace : RejectReason::kIoError;
  return Rejected(reason, absl::StrCat("cannot write ", path, ": ", status.ToString()));
}

rocksdb::Slice ToSlice(absl::string_view bytes) { return {bytes.data(), bytes.size()}; }

// Puts the header among the file's properties.
class HeaderProperty : public rocksdb::TablePropertiesCollector {
 public:
  explicit HeaderProperty(std::string header) : header_(std::move(header)) {}

  rocksdb::Status AddUserKey(const rocksdb::Slice&, const rocksdb::Slice&, rocksdb::EntryType,
                             rocksdb::SequenceNumber, uint64_t) override {
    return rocksdb::Status::OK();
  }
  rocksdb::Status Finish(rocksdb::UserCollectedProperties* properties) override {
    properties->emplace(kHeaderProperty, header_);
    return rocksdb::Status::OK();
  }
  rocksdb::UserCollectedProperties GetReadableProperties() const override { return {}; }
  const char* Name() const override { return kHeaderProperty; }

 private:
  const std::string header_;
};

class HeaderPropertyFactory : public rocksdb::TablePropertiesCollectorFactory {
 public:
  explicit HeaderPropertyFactory(std::string header) : header_(std::move(header)) {}

  rocksdb::TablePropertiesCollector* CreateTablePropertiesCollector(Context) override {
    return new HeaderProperty(header_);
  }
  const char* Name() const override { return kHeaderProperty; }

 private:
  const std::string header_;
};

rocksdb::Options OptionsWithHeader(const std::string& header) {
  rocksdb::Options options = PackWriteOptions();
  options.table_properties_collector_factories.push_back(
      std::make_shared<HeaderPropertyFactory>(header));
  return options;
}

}  // namespace

struct PackWriter::State {
  State(const std::string& path, bool is_delta, const std::string& header)
      : path(path),
        options(OptionsWithHeader(header)),
        writer(rocksdb::EnvOptions(), options),
        checker(is_delta, PackLimits()) {}

  absl::Status Put(absl::string_view key, absl::string_view value) {
    rocksdb::Status put = writer.Put(ToSlice(key), ToSlice(value));
    return put.ok() ? absl::OkStatus() : WriteError(put, path);
  }

  // What a caller did wrong is its argument, not a refusal of something from outside.
  absl::Status Take(absl::string_view key, absl::string_view value) {
    if (absl::Status s = checker.Take(key, value); !s.ok()) {
      return absl::InvalidArgumentError(s.message());
    }
    return Put(key, value);
  }

  const std::string path;
  const rocksdb::Options options;
  rocksdb::SstFileWriter writer;
  EntryChecker checker;
};

PackWriter::PackWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}

PackWriter::~PackWriter() = default;

absl::StatusOr<std::unique_ptr<PackWriter>> PackWriter::Create(const std::string& path,
                                                               const PackHeader& header) {
  std::string encoded = EncodeHeader(header);
  if (absl::StatusOr<PackHeader> read = DecodeHeader(encoded); !read.ok()) {
    return absl::InvalidArgumentError(read.status().message());
  }
  // A fresh file: what is there may have other names, and they must keep their contents.
  unlink(path.c_str());
  auto state = std::make_unique<State>(path, header.is_delta(), encoded);
  rocksdb::Status opened = state->writer.Open(path);
  if (!opened.ok()) return WriteError(opened, path);
  return std::unique_ptr<PackWriter>(new PackWriter(std::move(state)));
}

absl::Status PackWriter::AddLabel(uint32_t id, const reputation::Label& label) {
  absl::StatusOr<std::string> encoded = EncodeLabel(label);
  if (!encoded.ok()) return absl::InvalidArgumentError(encoded.status().message());
  return state_->Take(LabelKey(id), *encoded);
}

absl::Status PackWriter::RemoveLabel(uint32_t id) { return state_->Take(LabelKey(id), ""); }

absl::Status PackWriter::Add(const reputation::LookupKey& key, const reputation::Record& record) {
  std::string encoded;
  if (absl::Status s = reputation::EncodeRecord(record, &encoded); !s.ok()) return s;
  return state_->Take(key.bytes(), encoded);
}

absl::Status PackWriter::AddEntry(absl::string_view key, absl::string_view value) {
  return state_->Take(key, value);
}

absl::Status PackWriter::RemoveEntry(absl::string_view key) {
  if (LabelIdFromKey(key).has_value()) return state_->Take(key, "");
  std::string removed;
  if (absl::Status s = reputation::EncodeRecord(reputation::Record::Removed(), &removed); !s.ok()) {
    return s;
  }
  return state_->Take(key, removed);
}

// FileSize() is not const, though it only reads.
uint64_t PackWriter::bytes() const { return state_->writer.FileSize(); }

absl::StatusOr<PackSummary> PackWriter::Finish() {
  if (state_->checker.entries() == 0) {
    if (absl::Status s = state_->Put(EmptyPackKey(), ""); !s.ok()) return s;
  }
  rocksdb::ExternalSstFileInfo info;
  rocksdb::Status finished = state_->writer.Finish(&info);
  if (!finished.ok()) return WriteError(finished, state_->path);
  if (absl::Status s = RemoveTableIdentity(state_->path); !s.ok()) return s;
  PackSummary summary = state_->checker.summary();
  summary.bytes = info.file_size;
  return summary;
}

}  // namespace cloister::storage
