/* Ends as a process does whose library is damaged. */
process.kill(process.pid, 'SIGKILL');
