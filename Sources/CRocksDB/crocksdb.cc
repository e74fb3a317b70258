// The file system that freezes; see crocksdb.h.

#include "crocksdb.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

using rocksdb::FileOptions;
using rocksdb::FSDirectory;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

/// What the C interface calls an environment: its layout has no declaration, and `pen_rocks_disk_create` checks it.
struct rocksdb_env_t {
  rocksdb::Env *rep;
  bool is_default;
};

namespace {

/// Whether writes go through, and what ended that.
class Gate {
 public:
  bool IsShut() const { return is_shut_.load(std::memory_order_acquire); }
  bool HasFailed() const { return has_failed_.load(std::memory_order_acquire); }

  /// Passes what a write said; a failure shuts the gate, and is kept to ourselves.
  IOStatus Pass(IOStatus status) {
    if (!status.ok()) {
      std::lock_guard<std::mutex> guard(mutex_);
      if (failure_.empty()) failure_ = status.ToString();
      has_failed_.store(true, std::memory_order_release);
      is_shut_.store(true, std::memory_order_release);
    }
    return IOStatus::OK();
  }

  void Shut() { is_shut_.store(true, std::memory_order_release); }

  std::string Failure() {
    std::lock_guard<std::mutex> guard(mutex_);
    return failure_;
  }

 private:
  std::atomic<bool> is_shut_{false};
  std::atomic<bool> has_failed_{false};
  std::mutex mutex_;
  std::string failure_;
};

/// A file that is written; without a target all of it is dropped.
class GatedFile : public FSWritableFile {
 public:
  GatedFile(std::unique_ptr<FSWritableFile> target, std::shared_ptr<Gate> gate)
      : target_(std::move(target)), gate_(std::move(gate)) {}

  ~GatedFile() override {
    // The system's file cuts off what was reserved beyond its end.
    if (target_) target_->Close(IOOptions(), nullptr).PermitUncheckedError();
  }

  IOStatus Append(const Slice &data, const IOOptions &options, IODebugContext *dbg) override {
    size_ += data.size();
    return Through([&](FSWritableFile &file) { return file.Append(data, options, dbg); });
  }
  IOStatus Append(const Slice &data, const IOOptions &options,
                  const rocksdb::DataVerificationInfo &info, IODebugContext *dbg) override {
    size_ += data.size();
    return Through([&](FSWritableFile &file) { return file.Append(data, options, info, dbg); });
  }
  IOStatus PositionedAppend(const Slice &data, uint64_t offset, const IOOptions &options,
                            IODebugContext *dbg) override {
    size_ = offset + data.size();
    return Through(
        [&](FSWritableFile &file) { return file.PositionedAppend(data, offset, options, dbg); });
  }
  IOStatus PositionedAppend(const Slice &data, uint64_t offset, const IOOptions &options,
                            const rocksdb::DataVerificationInfo &info,
                            IODebugContext *dbg) override {
    size_ = offset + data.size();
    return Through([&](FSWritableFile &file) {
      return file.PositionedAppend(data, offset, options, info, dbg);
    });
  }
  IOStatus Truncate(uint64_t size, const IOOptions &options, IODebugContext *dbg) override {
    size_ = size;
    return Through([&](FSWritableFile &file) { return file.Truncate(size, options, dbg); });
  }
  IOStatus Flush(const IOOptions &options, IODebugContext *dbg) override {
    return Through([&](FSWritableFile &file) { return file.Flush(options, dbg); });
  }
  IOStatus Sync(const IOOptions &options, IODebugContext *dbg) override {
    return Through([&](FSWritableFile &file) { return file.Sync(options, dbg); });
  }
  IOStatus Fsync(const IOOptions &options, IODebugContext *dbg) override {
    return Through([&](FSWritableFile &file) { return file.Fsync(options, dbg); });
  }
  IOStatus RangeSync(uint64_t offset, uint64_t count, const IOOptions &options,
                     IODebugContext *dbg) override {
    return Through(
        [&](FSWritableFile &file) { return file.RangeSync(offset, count, options, dbg); });
  }
  IOStatus Close(const IOOptions &options, IODebugContext *dbg) override {
    if (!target_) return IOStatus::OK();
    // Always: the file is to be closed. What it says counts while the gate is open.
    IOStatus status = target_->Close(options, dbg);
    target_.reset();
    return gate_->IsShut() ? IOStatus::OK() : gate_->Pass(std::move(status));
  }
  IOStatus Allocate(uint64_t offset, uint64_t count, const IOOptions &options,
                    IODebugContext *dbg) override {
    // Reserving is an attempt: a disk that is nearly full says no, and the bytes may still fit.
    if (!target_ || gate_->IsShut()) return IOStatus::OK();
    return target_->Allocate(offset, count, options, dbg);
  }
  void PrepareWrite(size_t offset, size_t count, const IOOptions &options,
                    IODebugContext *dbg) override {
    if (target_ && !gate_->IsShut()) target_->PrepareWrite(offset, count, options, dbg);
  }
  uint64_t GetFileSize(const IOOptions &, IODebugContext *) override { return size_; }
  IOStatus InvalidateCache(size_t offset, size_t count) override {
    return target_ ? target_->InvalidateCache(offset, count) : IOStatus::OK();
  }
  bool IsSyncThreadSafe() const override { return target_ ? target_->IsSyncThreadSafe() : true; }
  bool use_direct_io() const override { return target_ && target_->use_direct_io(); }
  size_t GetRequiredBufferAlignment() const override {
    return target_ ? target_->GetRequiredBufferAlignment() : rocksdb::kDefaultPageSize;
  }
  void SetWriteLifeTimeHint(rocksdb::Env::WriteLifeTimeHint hint) override {
    FSWritableFile::SetWriteLifeTimeHint(hint);
    if (target_) target_->SetWriteLifeTimeHint(hint);
  }
  void SetIOPriority(rocksdb::Env::IOPriority priority) override {
    FSWritableFile::SetIOPriority(priority);
    if (target_) target_->SetIOPriority(priority);
  }
  void SetPreallocationBlockSize(size_t size) override {
    FSWritableFile::SetPreallocationBlockSize(size);
    if (target_) target_->SetPreallocationBlockSize(size);
  }
  void GetPreallocationStatus(size_t *block, size_t *last) override {
    if (target_) return target_->GetPreallocationStatus(block, last);
    FSWritableFile::GetPreallocationStatus(block, last);
  }
  size_t GetUniqueId(char *id, size_t size) const override {
    return target_ ? target_->GetUniqueId(id, size) : 0;
  }

 private:
  template <typename Body>
  IOStatus Through(Body body) {
    if (!target_ || gate_->IsShut()) return IOStatus::OK();
    return gate_->Pass(body(*target_));
  }

  std::unique_ptr<FSWritableFile> target_;
  const std::shared_ptr<Gate> gate_;
  std::atomic<uint64_t> size_{0};
};

/// A directory whose entries are made durable.
class GatedDirectory : public FSDirectory {
 public:
  GatedDirectory(std::unique_ptr<FSDirectory> target, std::shared_ptr<Gate> gate)
      : target_(std::move(target)), gate_(std::move(gate)) {}

  IOStatus Fsync(const IOOptions &options, IODebugContext *dbg) override {
    if (gate_->IsShut()) return IOStatus::OK();
    return gate_->Pass(target_->Fsync(options, dbg));
  }
  IOStatus FsyncWithDirOptions(const IOOptions &options, IODebugContext *dbg,
                               const rocksdb::DirFsyncOptions &how) override {
    if (gate_->IsShut()) return IOStatus::OK();
    return gate_->Pass(target_->FsyncWithDirOptions(options, dbg, how));
  }
  IOStatus Close(const IOOptions &options, IODebugContext *dbg) override {
    return target_->Close(options, dbg);
  }
  size_t GetUniqueId(char *id, size_t size) const override {
    return target_->GetUniqueId(id, size);
  }

 private:
  const std::unique_ptr<FSDirectory> target_;
  const std::shared_ptr<Gate> gate_;
};

/// A log of messages that goes nowhere: RocksDB's own is a file like others, and fails like others.
class SilentLogger : public rocksdb::Logger {
 public:
  SilentLogger() : Logger(rocksdb::InfoLogLevel::FATAL_LEVEL) {}
  void LogHeader(const char *, va_list) override {}
  void Logv(const char *, va_list) override {}
  void Logv(const rocksdb::InfoLogLevel, const char *, va_list) override {}
  size_t GetLogFileSize() const override { return 0; }
};

class GatedFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit GatedFileSystem(std::shared_ptr<Gate> gate)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), gate_(std::move(gate)) {}

  const char *Name() const override { return "PenstockGatedFileSystem"; }

  IOStatus NewWritableFile(const std::string &path, const FileOptions &options,
                           std::unique_ptr<FSWritableFile> *result, IODebugContext *dbg) override {
    return Open(result, [&](auto *file) {
      return target_->NewWritableFile(path, options, file, dbg);
    });
  }
  IOStatus ReopenWritableFile(const std::string &path, const FileOptions &options,
                              std::unique_ptr<FSWritableFile> *result,
                              IODebugContext *dbg) override {
    return Open(result, [&](auto *file) {
      return target_->ReopenWritableFile(path, options, file, dbg);
    });
  }
  IOStatus ReuseWritableFile(const std::string &path, const std::string &old,
                             const FileOptions &options, std::unique_ptr<FSWritableFile> *result,
                             IODebugContext *dbg) override {
    return Open(result, [&](auto *file) {
      return target_->ReuseWritableFile(path, old, options, file, dbg);
    });
  }
  IOStatus NewDirectory(const std::string &path, const IOOptions &options,
                        std::unique_ptr<FSDirectory> *result, IODebugContext *dbg) override {
    std::unique_ptr<FSDirectory> directory;
    IOStatus status = target_->NewDirectory(path, options, &directory, dbg);
    if (status.ok()) result->reset(new GatedDirectory(std::move(directory), gate_));
    return status;
  }
  IOStatus DeleteFile(const std::string &path, const IOOptions &options,
                      IODebugContext *dbg) override {
    // A file that cannot be removed is only in the way; RocksDB tries again.
    return gate_->IsShut() ? IOStatus::OK() : target_->DeleteFile(path, options, dbg);
  }
  IOStatus Truncate(const std::string &path, size_t size, const IOOptions &options,
                    IODebugContext *dbg) override {
    if (gate_->IsShut()) return IOStatus::OK();
    return gate_->Pass(target_->Truncate(path, size, options, dbg));
  }
  IOStatus RenameFile(const std::string &from, const std::string &to, const IOOptions &options,
                      IODebugContext *dbg) override {
    if (gate_->IsShut()) return IOStatus::OK();
    return gate_->Pass(target_->RenameFile(from, to, options, dbg));
  }
  IOStatus LinkFile(const std::string &from, const std::string &to, const IOOptions &options,
                    IODebugContext *dbg) override {
    if (gate_->IsShut()) return IOStatus::OK();
    return gate_->Pass(target_->LinkFile(from, to, options, dbg));
  }
  IOStatus CreateDir(const std::string &path, const IOOptions &options,
                     IODebugContext *dbg) override {
    return gate_->IsShut() ? IOStatus::OK() : target_->CreateDir(path, options, dbg);
  }
  IOStatus CreateDirIfMissing(const std::string &path, const IOOptions &options,
                              IODebugContext *dbg) override {
    return gate_->IsShut() ? IOStatus::OK() : target_->CreateDirIfMissing(path, options, dbg);
  }
  IOStatus DeleteDir(const std::string &path, const IOOptions &options,
                     IODebugContext *dbg) override {
    return gate_->IsShut() ? IOStatus::OK() : target_->DeleteDir(path, options, dbg);
  }
  IOStatus NewLogger(const std::string &, const IOOptions &,
                     std::shared_ptr<rocksdb::Logger> *result, IODebugContext *) override {
    result->reset(new SilentLogger());
    return IOStatus::OK();
  }

 private:
  template <typename Body>
  IOStatus Open(std::unique_ptr<FSWritableFile> *result, Body body) {
    std::unique_ptr<FSWritableFile> file;
    if (!gate_->IsShut()) {
      IOStatus status = body(&file);
      if (!status.ok()) {
        file.reset();
        gate_->Pass(std::move(status)).PermitUncheckedError();
      }
    }
    result->reset(new GatedFile(std::move(file), gate_));
    return IOStatus::OK();
  }

  const std::shared_ptr<Gate> gate_;
};

}  // namespace

struct pen_rocks_disk {
  std::shared_ptr<Gate> gate;
  std::unique_ptr<rocksdb::Env> env;
};

pen_rocks_disk *pen_rocks_disk_create(void) {
  rocksdb_env_t *known = rocksdb_create_default_env();
  const bool is_as_expected = known->rep == rocksdb::Env::Default() && known->is_default;
  rocksdb_env_destroy(known);
  if (!is_as_expected) return nullptr;
  auto gate = std::make_shared<Gate>();
  auto files = std::make_shared<GatedFileSystem>(gate);
  return new pen_rocks_disk{gate, rocksdb::NewCompositeEnv(files)};
}

void pen_rocks_disk_destroy(pen_rocks_disk *disk) { delete disk; }

void pen_rocks_disk_attach(pen_rocks_disk *disk, rocksdb_options_t *options) {
  rocksdb_env_t env{disk->env.get(), false};
  rocksdb_options_set_env(options, &env);
}

void pen_rocks_disk_freeze(pen_rocks_disk *disk) { disk->gate->Shut(); }

char *pen_rocks_disk_failure(pen_rocks_disk *disk) {
  if (!disk->gate->HasFailed()) return nullptr;
  return strdup(disk->gate->Failure().c_str());
}

bool pen_rocks_disk_has_failed(const pen_rocks_disk *disk) { return disk->gate->HasFailed(); }
