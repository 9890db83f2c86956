//! Getting records onto the disk: one thread writes and syncs, many records with one sync where
//! they come together.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

/// Where the journal's bytes go.
pub(super) trait Sink: Send + 'static {
    /// Appends bytes and brings them onto the disk.
    ///
    /// # Errors
    /// The system refuses.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Cuts off what a failed append left.
    fn restore(&mut self);
}

/// A file, of which `good` bytes are whole records.
pub(super) struct FileSink {
    file: File,
    good: u64,
}

impl FileSink {
    /// Goes on with a file behind its last whole record.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn new(mut file: File, good: u64) -> io::Result<Self> {
        file.set_len(good)?;
        file.seek(SeekFrom::Start(good))?;
        Ok(Self { file, good })
    }
}

impl Sink for FileSink {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.sync_data()?;
        self.good += bytes.len() as u64;
        Ok(())
    }

    fn restore(&mut self) {
        let _ = self.file.set_len(self.good);
    }
}

/// Why a record is not on the disk. The first failure stands for all that follow.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot write to the state folder: {0}; nothing more was submitted")]
pub(crate) struct WriteError(pub Arc<io::Error>);

type Done = oneshot::Sender<Result<(), WriteError>>;

enum Message {
    Line(Vec<u8>, Option<Done>),
    Close(Done),
}

/// The way to the writing thread.
pub(super) struct Writer {
    messages: mpsc::Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts writing to a sink.
    pub(super) fn start(sink: impl Sink) -> Self {
        let (messages, inbox) = mpsc::channel();
        let thread = std::thread::spawn(move || run(sink, &inbox));
        Self {
            messages,
            thread: Some(thread),
        }
    }

    /// Appends a line; returns when it is on the disk.
    ///
    /// # Errors
    /// It is not.
    pub(super) async fn append(&self, line: Vec<u8>) -> Result<(), WriteError> {
        let (done, receipt) = oneshot::channel();
        self.send(Message::Line(line, Some(done)));
        receipt.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Appends a line without waiting for it. A failure shows at the next [`Writer::append`] or at
    /// [`Writer::close`].
    pub(super) fn note(&self, line: Vec<u8>) {
        self.send(Message::Line(line, None));
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// Something is not.
    pub(super) async fn close(&self) -> Result<(), WriteError> {
        let (done, receipt) = oneshot::channel();
        self.send(Message::Close(done));
        receipt.await.unwrap_or_else(|_| Err(gone()))
    }

    fn send(&self, message: Message) {
        // A thread that is gone drops the receipt, which is noticed there.
        let _ = self.messages.send(message);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let (messages, _) = mpsc::channel();
        drop(std::mem::replace(&mut self.messages, messages));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn gone() -> WriteError {
    WriteError(Arc::new(io::Error::other("the writer has stopped")))
}

fn run(mut sink: impl Sink, inbox: &mpsc::Receiver<Message>) {
    let mut state: Result<(), WriteError> = Ok(());
    while let Ok(first) = inbox.recv() {
        let mut bytes = Vec::new();
        let mut waiting = Vec::new();
        for message in std::iter::once(first).chain(inbox.try_iter()) {
            match message {
                Message::Line(line, done) => {
                    bytes.extend(line);
                    waiting.extend(done);
                }
                Message::Close(done) => waiting.push(done),
            }
        }
        if state.is_ok() && !bytes.is_empty() {
            state = sink.append(&bytes).map_err(|error| {
                sink.restore();
                WriteError(Arc::new(error))
            });
        }
        for done in waiting {
            let _ = done.send(state.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A disk with room for so many bytes.
    struct Disk {
        bytes: Arc<Mutex<Vec<u8>>>,
        good: usize,
        room: usize,
    }

    impl Sink for Disk {
        fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
            let mut disk = self.bytes.lock().unwrap();
            let fits = bytes.len().min(self.room - disk.len());
            disk.extend(&bytes[..fits]);
            if fits < bytes.len() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.good = disk.len();
            Ok(())
        }

        fn restore(&mut self) {
            self.bytes.lock().unwrap().truncate(self.good);
        }
    }

    #[tokio::test]
    async fn a_full_disk_keeps_whole_records_only_and_says_so_ever_after() {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let writer = Writer::start(Disk {
            bytes: Arc::clone(&bytes),
            good: 0,
            room: 10,
        });
        writer.append(b"one\n".to_vec()).await.unwrap();
        writer.append(b"two\n".to_vec()).await.unwrap();
        let error = writer.append(b"three\n".to_vec()).await.unwrap_err();
        assert_eq!(error.0.kind(), io::ErrorKind::StorageFull);
        writer.note(b"4\n".to_vec());
        assert!(writer.close().await.is_err());
        assert_eq!(*bytes.lock().unwrap(), b"one\ntwo\n");
    }

    #[tokio::test]
    async fn notes_are_on_the_disk_after_close() {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let writer = Writer::start(Disk {
            bytes: Arc::clone(&bytes),
            good: 0,
            room: 100,
        });
        for _ in 0..10 {
            writer.note(b"n\n".to_vec());
        }
        writer.close().await.unwrap();
        assert_eq!(bytes.lock().unwrap().len(), 20);
    }
}
